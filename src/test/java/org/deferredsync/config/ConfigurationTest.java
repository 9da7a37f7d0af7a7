package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigurationTest {
  /** Every key of the tool before this one, written as its users write them. */
  private static final String OF_AN_OPERATOR =
      """
      # Which directories? It's all here.
      export DRY_RUN=false
      EXCLUDEFILE=$SCRIPT_HOME/config/exclude.conf
      JOBLOG=/var/log/deferred-sync/sync.log
      STARTSCRIPT="$SCRIPT_HOME/lib/before"
      ENDSCRIPT='/opt/own/after'
      ADMIN_MAIL_ADDRESS=
      LOAD_PLUGINS_ALL=false
      PLUGINS="show_version get_resources
        server_alive_check get_hardware_info system_upgrade
        dump_mysql incremental_backup backup_to_remote"
      OLDKERNELS_COUNT=2
      UBUNTU_ARCHITECTURE=generic
      MYSQL_DBS="shop wiki"
      MYSQL_USER=backup
      MYSQL_PASS='pa$s "word'
      MYSQLDUMP=/home/mysqldump
      PGDUMP=/var/lib/postgresql/pg_dump
      PG_USER=postgres
      MONGODUMP_BIN=/opt/mongo/current/bin/mongodump
      MONGODBDUMP_PATH=/home/backup/mongodump
      MONGODBDUMP=/home/backup/mongodump.zip
      SVN_REPOS="project"
      SVN_PATH=/var/lib/svn
      SVNDUMP=/home/svndump
      BACKUPDIRS="
      /home/ubuntu /var/www
      /root
      "
      BACKUPTO=/home/backup   # the second disk
      EXPIREDAYS=15
      REMOTE_HOSTS="web2 192.0.2.7"
      REMOTE_DIR=/home/remote/`hostname`
      BACKUPUSER=root
      GET_HOSTS=web3
      GET_REMOTE_DIRS="/home/backup"
      GET_TARGET_DIR=/home/remote
      REMOTE_USER=root
      SERVER_ALIVE_CHECK=${SERVER_ALIVE_CHECK:-/etc/cron.exec/server_alive_check.sh}
      """;

  @TempDir Path home;
  private Environment environment;
  private TrustedPath trust;
  private Path file;

  @BeforeEach
  void makeHome() throws IOException {
    HostName host = new HostName(() -> "web1", name -> Optional.empty());
    environment = new Environment(home, Map.of(), host, Clock.system(ZoneOffset.UTC));
    trust = TrustedPath.ofProcess();
    file = Files.createDirectories(home.resolve("config")).resolve("sync.conf");
    Files.setAttribute(home.resolve("config"), "unix:mode", 0755);
  }

  private void write(String conf) throws IOException {
    Files.writeString(file, conf);
    Files.setAttribute(file, "unix:mode", 0640);
  }

  private Configuration load() throws SettingException {
    return Configuration.load(file, environment, trust);
  }

  @Test
  void load_warnsOfAPassword_thatEverybodyCanRead() throws Exception {
    write("MYSQL_PASS=canary\nAPI_TOKEN=canary\nPG_PASS=\n");
    assertThat(load().warnings()).noneMatch(line -> line.contains("everybody"));

    Files.setAttribute(file, "unix:mode", 0644);
    assertThat(load().warnings())
        .contains(
            file
                + " can be read by everybody, and API_TOKEN, MYSQL_PASS stand in it: chmod o-r "
                + file)
        .noneMatch(line -> line.contains("canary"));
    Files.writeString(file, "MYSQL_PASS=\n");
    assertThat(load().warnings()).isEmpty();
  }

  @Test
  void load_readsAnOperatorsFile_withoutAWarning() throws Exception {
    write(OF_AN_OPERATOR);
    Configuration read = load();
    assertThat(read.warnings()).isEmpty();
    assertThat(read.errors()).isEmpty();
    assertThat(read.settings().list("BACKUPDIRS"))
        .containsExactly("/home/ubuntu", "/var/www", "/root");
    assertThat(read.settings().text("REMOTE_DIR")).isEqualTo("/home/remote/web1");
    assertThat(read.settings().text("MYSQL_PASS")).isEqualTo("pa$s \"word");
    assertThat(read.settings().text("BACKUPTO")).isEqualTo("/home/backup");
    assertThat(read.settings().origin("BACKUPTO")).isEqualTo(file + ":30");
  }

  @ParameterizedTest
  @CsvSource({
    "mail.example.org, true",
    "localhost.example.org, true",
    "192.0.2.7, true",
    "2001:db8::1, true",
    "127.example.org, true",
    "localhost, false",
    "LOCALHOST, false",
    "127.0.0.1, false",
    "127.1.2.3, false",
    "::1, false"
  })
  void load_warnsOfAPassword_thatTheNetworkCouldRead(String host, boolean warns) throws Exception {
    String account =
        "ADMIN_MAIL_ADDRESS=root@example.org\nSMTP_HOST=" + host + "\nSMTP_USER=backup\n";
    write(account + "SMTP_TLS=none\n");
    assertThat(load().warnings())
        .isEqualTo(
            warns
                ? List.of(
                    file
                        + ":4: SMTP_TLS=\"none\" sends the password of SMTP_USER to "
                        + host
                        + " in clear; write starttls or tls, or take SMTP_USER out")
                : List.of());
    assertThat(load().errors()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SMTP_TLS=starttls",
        "SMTP_TLS=tls",
        "SMTP_TLS=none\nSMTP_USER=",
        "SMTP_TLS=none\nSMTP_HOST=",
        "SMTP_TLS=none\nADMIN_MAIL_ADDRESS="
      })
  void load_warnsOfNoPassword_thatIsNotSentInClear(String other) throws Exception {
    String account =
        "ADMIN_MAIL_ADDRESS=root@example.org\nSMTP_HOST=mail.example.org\nSMTP_USER=backup\n";
    write(account + other + "\n");
    assertThat(load().warnings()).noneMatch(warning -> warning.contains("in clear"));
  }

  @Test
  void load_leavesItToTheErrors_thatAMailSettingIsMalformed() throws Exception {
    write("ADMIN_MAIL_ADDRESS=-x\nSMTP_HOST=mail.example.org\nSMTP_USER=b\nSMTP_TLS=none\n");
    assertThat(load().warnings()).isEmpty();
    assertThat(load().errors())
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("ADMIN_MAIL_ADDRESS");
  }

  @Test
  void load_readsTheShippedFile_asTheDefaults() throws Exception {
    write(Files.readString(Path.of("config/sync.conf")));
    Configuration shipped = load();
    assertThat(shipped.warnings()).isEmpty();
    assertThat(shipped.errors()).isEmpty();
    write("");
    Settings defaults = load().settings();
    for (KnownSetting setting : KnownSettings.all()) {
      assertThat(shipped.settings().list(setting.key()))
          .as(setting.key())
          .isEqualTo(defaults.list(setting.key()));
    }
    String text = Files.readString(Path.of("config/sync.conf"));
    KnownSettings.all()
        .forEach(setting -> assertThat(text).containsPattern("(?m)^#?" + setting.key() + "="));
  }

  @Test
  void load_saysWhatToDo_whenThereIsNoSuchFile() {
    assertThatThrownBy(this::load)
        .isInstanceOf(SettingException.class)
        .hasMessage(
            file + " does not exist; create it, or give the path of the configuration file");
  }

  @Test
  void load_refusesWhatIsNoRegularFile() {
    file = home.resolve("config");
    assertThatThrownBy(this::load)
        .hasMessage(file + " is not a regular file; give the path of one");
    file = Path.of("/dev/null");
    assertThatThrownBy(this::load).hasMessageContaining("is not a regular file");
  }

  @Test
  void load_refusesAFileThatMayNotBeRead() throws Exception {
    assumeTrue(new UnixSystem().getUid() != 0, "root may read every file");
    write("");
    Files.setAttribute(file, "unix:mode", 0);
    assertThatThrownBy(this::load)
        .hasMessage(file + " may not be read by this user; make it readable");
  }

  @Test
  void load_refusesAFileThatOthersMayWrite_beforeReadingIt() throws Exception {
    write("nonsense");
    Files.setAttribute(file, "unix:mode", 0666);
    assertThatThrownBy(this::load)
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith(file + " is not trusted: ")
        .hasMessageContaining("writable by everybody (mode 0666");
  }

  @Test
  void load_refusesAFileOfUnreasonableSize() throws Exception {
    write("");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(1L << 30);
    }
    assertThatThrownBy(this::load).hasMessage(file + " is larger than 16 MiB; shorten it");
  }

  @Test
  void load_namesFileAndLine_ofWhatIsMalformed() throws Exception {
    write("A=1\nif true; then\n");
    assertThatThrownBy(this::load).hasMessageStartingWith(file + ":2: if belongs to");
  }

  @Test
  void locate_isRelativeToTheInstallation() throws Exception {
    Path elsewhere = home.resolve("elsewhere");
    assertThat(Configuration.locate(Optional.empty(), home, elsewhere)).isEqualTo(file);
    assertThat(Configuration.locate(Optional.of("config/own.conf"), home, elsewhere))
        .isEqualTo(home.resolve("config/own.conf"));
    assertThat(Configuration.locate(Optional.of("/etc/own.conf"), home, elsewhere))
        .isEqualTo(Path.of("/etc/own.conf"));
    assertThatThrownBy(() -> Configuration.locate(Optional.of(""), home, elsewhere))
        .hasMessageContaining("is empty; give its path");
  }

  @Test
  void locate_saysSo_whenTheFileLiesInTheWorkingDirectoryAlone() throws Exception {
    Path elsewhere = Files.createDirectories(home.resolve("elsewhere"));
    Path own = Files.createFile(elsewhere.resolve("own.conf"));
    assertThatThrownBy(() -> Configuration.locate(Optional.of("own.conf"), home, elsewhere))
        .hasMessageStartingWith(home.resolve("own.conf") + " does not exist (a relative path")
        .hasMessageContaining(own + " does: give its absolute path");
    Path inHome = Files.createFile(home.resolve("own.conf"));
    assertThat(Configuration.locate(Optional.of("own.conf"), home, elsewhere)).isEqualTo(inHome);
  }

  @Test
  void shown_hidesSecrets_andNamesOrigins() throws Exception {
    write("MYSQL_PASS=hunter2\nOWN_TOKEN=hunter3\nOWN_PASSWORD=\nBACKUPDIRS='\n/a\n  /b $x\n'\n");
    Configuration read = load();
    List<String> lines = read.shownLines();
    assertThat(lines)
        .contains(
            "MYSQL_PASS=(set)  # " + file + ":1",
            "OWN_TOKEN=(set)  # " + file + ":2",
            "OWN_PASSWORD=  # " + file + ":3",
            "BACKUPDIRS=\"/a /b \\$x\"  # " + file + ":4",
            "EXPIREDAYS=\"15\"  # default");
    assertThat(lines).hasSize(KnownSettings.all().size() + 2);
    assertThat(read.shown())
        .contains(
            new Configuration.Shown(
                "", "MYSQL_PASS", "(set)", file + ":1", "dump_mysql: the password"),
            new Configuration.Shown("", "OWN_TOKEN", "(set)", file + ":2", ""));
    assertThat(read.shown().toString() + lines).doesNotContain("hunter");
  }

  @Test
  void errors_nameEachMalformedValue_andNoSecret() throws Exception {
    write(
        """
        EXPIREDAYS=0
        DRY_RUN=maybe
        JOBLOG=
        EXCLUDEFILE=
        PLUGIN_TIMEOUT=5
        LOCK_WAIT=400d
        KEEP_MIN=-1
        BACKUPTO=backup
        KEEP_LAST=0
        KEEP_DAILY=
        KEEP_WEEKLY=-4
        KEEP_MONTHLY=all
        KEEP_YEARLY=36500
        """);
    assertThat(load().errors())
        .containsExactlyInAnyOrder(
            file + ":1: EXPIREDAYS=\"0\" is not a whole number from 1 to 36500",
            file + ":2: DRY_RUN=\"maybe\" is neither true nor false",
            file + ":3: JOBLOG=\"\" is empty; set it",
            file
                + ":5: PLUGIN_TIMEOUT=\"5\" is not a time; write a whole number and s, m, h or d,"
                + " such as 30m, or 0",
            file + ":6: LOCK_WAIT=\"400d\" is not from 0 to 365d",
            file + ":7: KEEP_MIN=\"-1\" is not a whole number from 1 to 36500",
            file + ":8: BACKUPTO=\"backup\" is not an absolute path; begin it with /",
            file + ":9: KEEP_LAST=\"0\" is not a whole number from 1 to 36500",
            file + ":10: KEEP_DAILY=\"\" is not a whole number from 1 to 36500",
            file + ":11: KEEP_WEEKLY=\"-4\" is not a whole number from 1 to 36500",
            file + ":12: KEEP_MONTHLY=\"all\" is not a whole number from 1 to 36500");
  }
}
