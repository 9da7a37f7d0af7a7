package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** dump_mysql against a real MariaDB, from the password to the restored database. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class DumpMysqlIT {
  private static final String SECRET = "p#\"'\\ \u00e4;$(id)x";

  private static final String AWKWARD =
      """
      CREATE DATABASE app CHARACTER SET utf8mb4;
      USE app;
      CREATE TABLE `odd``na me` (id INT PRIMARY KEY AUTO_INCREMENT, `-x` VARCHAR(200), raw BLOB,
        length INT GENERATED ALWAYS AS (LENGTH(raw)) STORED, at TIMESTAMP NULL);
      INSERT INTO `odd``na me` (`-x`, raw, at) VALUES
        ('it''s "quoted" \\\\ and ); INSERT INTO `x` VALUES (1', x'00ff27220a5c', '2026-03-29 01:30:00'),
        ('line\\nbreak\\r\\0 ünïcode 😀', NULL, NULL), ('', '', '1970-01-02 00:00:00');
      CREATE TABLE empty_one (a INT, b GEOMETRY);
      CREATE TABLE `Ünï` (d DOUBLE, n DECIMAL(60,30), b BIT(9), j JSON, t TIME(6)) ENGINE=Aria;
      INSERT INTO `Ünï` VALUES (1e-300, 1.000000000000000000000000000001, b'101010101', '{"a":"\\\\""}', '-12:00:00.123456');
      CREATE VIEW seen AS SELECT `-x` FROM `odd``na me` WHERE id > 1;
      DELIMITER ;;
      CREATE PROCEDURE fill(IN many INT)
      BEGIN
        -- INSERT INTO `empty_one` VALUES (1);
      INSERT INTO empty_one (a) VALUES (1),(2);
      CREATE TABLE IF NOT EXISTS never (i INT);
      END;;
      CREATE FUNCTION twice(i INT) RETURNS INT DETERMINISTIC RETURN i * 2;;
      CREATE TRIGGER loud BEFORE INSERT ON `odd``na me` FOR EACH ROW SET NEW.`-x` = CONCAT(NEW.`-x`, ';');;
      CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM empty_one;;
      DELIMITER ;
      CREATE SEQUENCE counter START WITH 7;
      """;

  @TempDir(factory = SharedMemory.class)
  private static Path place;

  private static MariaDb server;
  private static MariaDb fresh;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private DumpGround ground;

  @BeforeAll
  static void startServers() throws Exception {
    server = new MariaDb(place.resolve("server"));
    fresh = new MariaDb(place.resolve("fresh"), server);
    server.start();
    fresh.start();
    server.sql(AWKWARD);
    server.sql(
        "CREATE USER dumper@localhost IDENTIFIED BY '"
            + SECRET.replace("\\", "\\\\").replace("'", "\\'")
            + "'; GRANT ALL ON *.* TO dumper@localhost;");
  }

  @AfterAll
  static void stopServers() throws Exception {
    fresh.stop();
    server.stop();
  }

  @BeforeEach
  void configure() throws Exception {
    ground = new DumpGround(scratch, "dump_mysql");
    ground.configure(
        "MYSQL_DBS=app",
        "MYSQL_USER=root",
        "MYSQL_PASS=",
        "MYSQL_SOCKET=" + server.socket(),
        "MYSQLDUMP=" + ground.dumps);
  }

  @AfterEach
  void clear() throws Exception {
    ground.close();
  }

  private void secret(String password) throws Exception {
    Path file = ground.operator.scratch.resolve("password");
    Files.writeString(file, password + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    ground.configureAlso("MYSQL_USER=dumper", "MYSQL_PASS_FILE=" + file);
  }

  @Test
  void dump_loadsUnderAnyName_andIsTheSame() throws Exception {
    Job job = ground.good();

    assertThat(ground.names()).containsExactly("app.sql.gz");
    assertThat(ground.identity("app.sql.gz")).contains("mode=33152"); // 0100600
    assertThat(ground.said(job)).anyMatch(line -> line.contains("app.sql.gz: 3 tables, 4 rows, "));
    assertThat(ground.contents("app.sql.gz")).doesNotContain("USE `", "CREATE DATABASE");
    Ran loaded =
        ground.follow(
            "mariadb",
            Map.of("/home/mysqldump", ground.dumps.toString()),
            Map.of(
                "mariadb",
                "exec /usr/bin/mariadb --no-defaults --user=root --socket="
                    + fresh.socket()
                    + " \"$@\""));
    assertThat(loaded.status()).as(loaded.err()).isZero();
    assertThat(fresh.image("app_back")).isEqualTo(server.image("app"));
  }

  @Test
  void dump_isProven_andStatusTells() throws Exception {
    ground.good();
    Path backup = Files.createDirectory(ground.operator.scratch.resolve("source"));
    Files.writeString(backup.resolve("file"), "x");
    ground.configureAlso("BACKUPDIRS=" + backup, "PLUGINS='dump_mysql incremental_backup'");
    ground.good();
    String path = ground.dumps + "/app.sql.gz";
    assertThat(ground.operator.run("status").out())
        .containsPattern(
            path
                + ": dumped: 3 tables, 4 rows, [0-9.]+ KiB\n    last good: 20[^ ]+, \\d+ minutes? ago;"
                + " unchanged since 20[^ ]+\n    last drill: never\n");

    Ran drill = ground.drill("--json");
    assertThat(drill.status()).as(drill.out() + drill.err()).isZero();
    assertThat(drill.out())
        .containsPattern(
            "\\{\"kind\":\"mysql\",\"path\":\""
                + path
                + "\",\"result\":\"proven\",\"text\":\"loaded into MariaDB 1.*, 3 tables, 4 rows, in");
    assertThat(ground.operator.run("status").out())
        .containsPattern(
            "\n    last drill: 20[^ ]+, \\d+ minutes? ago: proven, loaded into MariaDB 1");
    assertThat(ground.operator.run("status", "--json").out())
        .containsPattern(
            "\"dumps\":\\[\\{\"kind\":\"mysql\",\"path\":\""
                + path
                + "\",\"state\":\"good\",.*\"lastDrill\":\\{\"time\":\"20.*\"result\":\"proven\"");

    // Nothing is left of it, and a dump that was exchanged is not proven.
    assertThat(ground.drills()).isEmpty();
    Files.writeString(ground.dumps.resolve("app.sql.gz"), "exchanged");
    Ran failed = ground.drill();
    assertThat(failed.status()).isEqualTo(1);
    assertThat(failed.out()).contains("app.sql.gz: failed: " + path + " is not what was written");
    assertThat(ground.operator.run("status").out()).contains(" ago: failed, " + path + " is not");
  }

  @Test
  void drill_thatIsEnded_leavesNothing_andOneThatIsKilled_noServer() throws Exception {
    ground.good();
    assertThat(ground.drillMeeting("TERM", "mariadbd", "--socket=")).isEqualTo(128 + 15);
    assertThat(ground.drills()).isEmpty();

    assertThat(ground.drillMeeting("KILL", "mariadbd", "--socket=")).isEqualTo(128 + 9);
    assertThat(ground.drills()).hasSize(1);
    assertThat(ground.drill().out()).contains("app.sql.gz: proven: loaded into MariaDB 1");
    assertThat(ground.drills()).isEmpty();
  }

  @Test
  void dump_thatHasNotChanged_keepsItsFile() throws Exception {
    ground.good();
    String before = ground.identity("app.sql.gz");
    assertThat(ground.said(ground.good()))
        .anyMatch(line -> line.contains("app.sql.gz has not changed, and stays as it is"));
    assertThat(ground.identity("app.sql.gz")).isEqualTo(before);

    server.sql("CREATE TABLE app.later (i INT)");
    try {
      ground.good();
      assertThat(ground.identity("app.sql.gz")).isNotEqualTo(before);
    } finally {
      server.sql("DROP TABLE app.later");
    }

    // Damaged or opened to others, it is no dump that could stay.
    ground.good();
    String made = ground.identity("app.sql.gz");
    Files.setPosixFilePermissions(
        ground.dumps.resolve("app.sql.gz"), PosixFilePermissions.fromString("rw-r--r--"));
    ground.good();
    assertThat(ground.identity("app.sql.gz")).isNotEqualTo(made).contains("mode=33152");
  }

  @Test
  void dump_ofAll_goesOnAfterNamesThatNoFileCanHave() throws Exception {
    server.sql(
        "CREATE DATABASE `../up`; CREATE DATABASE `-opt`; CREATE DATABASE `it's a \"db\"`;"
            + "CREATE DATABASE `back\\nslash`");
    try {
      ground.configureAlso("MYSQL_DBS='*'", "DUMP_COMPRESSION=none");
      Job job = ground.run();

      assertThat(job.status()).isEqualTo(3);
      assertThat(ground.names())
          .containsExactly("app.sql", "back\\nslash.sql", "it's a \"db\".sql", "mysql.sql");
      assertThat(ground.said(job))
          .anyMatch(line -> line.contains("\"-opt\" is not dumped: its name begins with -"))
          .anyMatch(line -> line.contains("\"../up\" is not dumped: its name "));
      // One that is not there stops no other.
      Files.delete(ground.dumps.resolve("app.sql"));
      Files.delete(ground.dumps.resolve("back\\nslash.sql"));
      Ran drill = ground.drill("--all");
      assertThat(drill.status()).isEqualTo(1);
      assertThat(drill.out().lines())
          .hasSize(4)
          .filteredOn(line -> !line.contains(" is not what was written, or not there; "))
          .hasSize(2)
          .allMatch(line -> line.contains(".sql: proven: loaded into MariaDB "));
    } finally {
      server.sql(
          "DROP DATABASE `../up`; DROP DATABASE `-opt`; DROP DATABASE `it's a \"db\"`;"
              + "DROP DATABASE `back\\nslash`");
    }
  }

  @Test
  void password_isSeenNowhere_andAWrongOneLeavesTheLastDump() throws Exception {
    secret(SECRET);
    Process lock = server.lock("app", "empty_one");
    try (SecretWatch watch = new SecretWatch(SECRET)) {
      Job seen =
          ground.runMeeting(
              () -> {
                watch.awaitCommand("mariadb-dump");
                lock.destroyForcibly().waitFor();
              });
      assertThat(seen.status()).as("%s", seen.records()).isZero();
      assertThat(watch.found()).isEmpty();
    } finally {
      lock.destroyForcibly().waitFor();
    }
    String before = ground.identity("app.sql.gz");

    secret("wrong");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(1);
    assertThat(ground.said(job))
        .anyMatch(
            line ->
                line.contains("app.sql.gz: not dumped: mariadb-dump exited with status 2: ")
                    && line.contains("Access denied for user 'dumper'@'localhost'")
                    && line.contains("The last good one, of 20"));
    assertThat(job.ran().err()).hasLineCount(1).contains("Access denied");
    assertThat(ground.identity("app.sql.gz")).isEqualTo(before);

    ground.operator.variable("CREDENTIALS_DIRECTORY", ground.operator.scratch.toString());
    Files.writeString(ground.operator.scratch.resolve("MYSQL_PASS"), SECRET);
    ground.configureAlso("MYSQL_USER=dumper");
    ground.good();
    assertThat(Files.readString(ground.operator.log)).doesNotContain(SECRET.substring(0, 5));
  }

  @Test
  void dump_goesOn_afterOneThatFails() throws Exception {
    ground.configureAlso("MYSQL_DBS='absent app'");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(1);
    assertThat(ground.names()).containsExactly("app.sql.gz");
    assertThat(ground.said(job)).anyMatch(line -> line.contains("Unknown database 'absent'"));

    ground.configureAlso("MYSQL_SOCKET=" + place.resolve("nowhere"));
    String before = ground.identity("app.sql.gz");
    Job down = ground.run();
    assertThat(down.status()).isEqualTo(1);
    assertThat(down.ran().err())
        .hasLineCount(1)
        .contains("Can't connect to local server through socket '" + place.resolve("nowhere"));
    assertThat(ground.identity("app.sql.gz")).isEqualTo(before);
  }

  @Test
  void dump_thatIsKilledOrHangs_leavesTheLastOne() throws Exception {
    ground.good();
    String before = ground.identity("app.sql.gz");
    Process lock = server.lock("app", "empty_one");
    try {
      Job killed =
          ground.runMeeting(
              () -> {
                ground.awaitBegun("app.sql.gz");
                DumpGround.kill("mariadb-dump", "--single-transaction");
              });
      assertThat(killed.status()).isEqualTo(1);
      assertThat(ground.said(killed))
          .anyMatch(
              line -> line.contains("app.sql.gz: not dumped: mariadb-dump was ended by signal 9"));

      ground.configureAlso("DUMP_TIMEOUT=1s");
      Job late = ground.run();
      assertThat(late.status()).isEqualTo(1);
      assertThat(ground.said(late))
          .anyMatch(line -> line.contains("mariadb-dump ran longer than 1s and was ended"));
    } finally {
      lock.destroyForcibly().waitFor();
    }
    assertThat(ground.identity("app.sql.gz")).isEqualTo(before);
    assertThat(ground.names()).containsExactly("app.sql.gz");
  }

  @Test
  void dump_onAFullDisk_leavesTheLastOne() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    server.sql("CREATE DATABASE small");
    try {
      ground.configureAlso("MYSQL_DBS=small");
      String values =
          "CREATE TABLE small.t (a LONGTEXT); INSERT INTO small.t VALUES ('"
              + DumpGround.random(200_000, 1)
              + "')";
      Path growth = Files.writeString(place.resolve("growth.sql"), values);
      Ran ran =
          ground.runOnFullDisk(
              "small.sql.gz",
              64,
              "mariadb --no-defaults --user=root --socket=" + server.socket() + " < " + growth);

      assertThat(ran.status()).as(ran.out() + ran.err()).isEqualTo(1);
      assertThat(ran.err())
          .hasLineCount(1)
          .contains("small.sql.gz: not dumped: no room in " + ground.dumps);
      assertThat(ran.out()).isEqualTo("the last good one is whole\nsmall.sql.gz\n");
    } finally {
      server.sql("DROP DATABASE small");
    }
  }

  @Test
  void settings_thatCannotBe_areRefused_beforeAnythingIsDumped() throws Exception {
    for (String wrong :
        new String[] {
          "MYSQL_DBS='app ../x'",
          "MYSQL_DBS='app --all-databases'",
          "MYSQL_DBS=",
          "MYSQLDUMP=/nonexistent/dumps",
          "DUMP_COMPRESSION=bzip2",
          "DUMP_TIMEOUT=soon",
          "MYSQL_PORT=0",
          "MYSQL_PASS_FILE=/nonexistent/password"
        }) {
      ground.configureAlso(wrong);
      Job job = ground.run();
      assertThat(job.status()).as(wrong).isEqualTo(3);
      assertThat(job.ran().err()).hasLineCount(1).contains(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(ground.names()).isEmpty();
    assertThat(Path.of("/nonexistent")).doesNotExist();
  }
}
