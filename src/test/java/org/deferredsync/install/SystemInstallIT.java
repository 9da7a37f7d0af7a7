package org.deferredsync.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * install.sh into /opt/deferred-sync, with /etc, /opt, /home and /var/log swapped for scratch ones.
 */
final class SystemInstallIT {
  /** Everything but the program's own directory, with modes and where links lead. */
  private static final String SHOW =
      """
      show() {
          find /etc/opt /etc/cron.daily/deferred-sync /etc/cron.d/deferred-sync /etc/logrotate.d/deferred-sync \
              /etc/cron.config /etc/cron.exec /opt /home /var/log ! -path '/opt/deferred-sync/lib/*' ! -path '/opt/elsewhere/*' \
              ! -path /etc/opt -printf '%m %p %l\\n' 2>/dev/null | grep deferred-sync.* | LC_ALL=C sort -k 2
      }
      homes() { find /home -mindepth 1 -printf '%m %p\\n' | LC_ALL=C sort; }
      """;

  @TempDir static Path place;
  private static Release release;

  @TempDir Path scratch;
  private Shell shell;

  @BeforeAll
  static void unpack() {
    release = Release.unpack(place, new Shell(place));
  }

  @BeforeEach
  void openShell() {
    assumeTrue(LauncherIT.isRoot(), "only root can swap /etc for a scratch one");
    shell = new Shell(scratch);
  }

  private String onSystem(String script) {
    Outcome outcome =
        shell.onScratchSystem(
            release.quick(), SHOW + script, release.installer(), scratch.resolve("said"));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.status()).isZero();
    return outcome.out();
  }

  @Test
  void install_setsUpCronLogsAndDirectories_withoutATarget() {
    String state =
        onSystem(
            "umask 000; sh \"$1\" >\"$2\"; show; homes; find /etc /opt -newer \"$1\" ! -type l -perm /022");

    assertThat(state)
        .isEqualTo(
            """
            755 /etc/cron.daily/deferred-sync\s
            644 /etc/logrotate.d/deferred-sync\s
            755 /etc/opt/deferred-sync\s
            640 /etc/opt/deferred-sync/exclude.conf\s
            640 /etc/opt/deferred-sync/sync.conf\s
            755 /opt/deferred-sync\s
            755 /opt/deferred-sync/config\s
            777 /opt/deferred-sync/config/exclude.conf /etc/opt/deferred-sync/exclude.conf
            777 /opt/deferred-sync/config/sync.conf /etc/opt/deferred-sync/sync.conf
            755 /opt/deferred-sync/exec\s
            755 /opt/deferred-sync/exec/deferred-sync\s
            755 /opt/deferred-sync/lib\s
            750 /var/log/deferred-sync\s
            640 /var/log/deferred-sync/sync.log\s
            700 /home/backup
            700 /home/remote
            """);
  }

  @Test
  void install_leavesCronLogrotateAndBackupsOut_withTheTargetGiven() {
    String state = onSystem("sh \"$1\" /opt/deferred-sync nosudo >\"$2\"; show; homes");

    assertThat(state)
        .doesNotContain("cron", "logrotate", "/home")
        .contains("/etc/opt/deferred-sync/sync.conf", "/var/log/deferred-sync/sync.log");
  }

  @Test
  void install_touchesNothingOfTheSystem_withAnotherTarget() {
    String state = onSystem("sh \"$1\" /opt/elsewhere nosudo >\"$2\"; show; homes; ls /opt");

    assertThat(state).isEqualTo("elsewhere\n");
  }

  @Test
  void install_leavesCronDailyOut_whereCronDSaysWhen() {
    String state =
        onSystem(
            """
            sh "$1" >"$2"
            cp "${1%/*}/cron/cron.d/deferred-sync" /etc/cron.d/
            sh "$1" >"$2"
            ls /etc/cron.daily/deferred-sync 2>&1 || :
            grep 'cron.daily left out' "$2"
            """);

    assertThat(state)
        .contains(
            "No such file", "[INFO] cron.daily left out: /etc/cron.d/deferred-sync says when");
  }

  @Test
  void link_makesLinks_whereTheirDirectoriesAre_andUninstallRemovesThem() {
    String state =
        onSystem(
            """
            mkdir -p /etc/cron.config /etc/cron.exec
            sh "$1" /opt/deferred-sync nosudo -l >"$2"
            find /etc/cron.config /etc/cron.exec -type l -printf '%p %l\\n' | LC_ALL=C sort
            sh "$1" --uninstall >"$2"
            find /etc/cron.config /etc/cron.exec -type l
            sh "$1" -l >"$2"
            cat /etc/cron.config/sync.conf | grep -c ^BACKUPTO=
            """);

    assertThat(state)
        .isEqualTo(
            """
            /etc/cron.config/exclude.conf /etc/opt/deferred-sync/exclude.conf
            /etc/cron.config/sync.conf /etc/opt/deferred-sync/sync.conf
            /etc/cron.exec/deferred-sync /opt/deferred-sync/exec/deferred-sync
            1
            """);
  }

  @Test
  void uninstall_leavesTheSystemAsItWas_butForLogsAndBackups() {
    String state =
        onSystem(
            """
            mkdir /etc/opt /home/backup
            find /etc | LC_ALL=C sort >before
            sh "$1" >"$2"
            echo precious >/home/backup/file
            sh "$1" --uninstall >"$2"
            find /etc | LC_ALL=C sort | diff before -
            find /opt /home /var/log -mindepth 1 | LC_ALL=C sort
            """);

    assertThat(state)
        .isEqualTo(
            """
            /home/backup
            /home/backup/file
            /var/log/deferred-sync
            /var/log/deferred-sync/sync.log
            """);
  }

  @Test
  void uninstall_keepsEditedConfiguration_unlessPurged() {
    String state =
        onSystem(
            """
            sh "$1" >"$2"
            echo '# mine' >>/etc/opt/deferred-sync/sync.conf
            echo '# mine' >>/etc/logrotate.d/deferred-sync
            sh "$1" -u >"$2"
            show | grep -v /log
            sh "$1" >"$2"
            grep -c mine /opt/deferred-sync/config/sync.conf /etc/logrotate.d/deferred-sync
            sh "$1" -u --purge >"$2"
            find /etc/opt /opt /var/log
            """);

    assertThat(state)
        .isEqualTo(
            """
            755 /etc/opt/deferred-sync\s
            640 /etc/opt/deferred-sync/sync.conf\s
            755 /opt/deferred-sync\s
            755 /opt/deferred-sync/config\s
            777 /opt/deferred-sync/config/sync.conf /etc/opt/deferred-sync/sync.conf
            755 /opt/deferred-sync/lib\s
            /opt/deferred-sync/config/sync.conf:1
            /etc/logrotate.d/deferred-sync:1
            /etc/opt
            /opt
            /var/log
            /var/log/deferred-sync
            /var/log/deferred-sync/sync.log
            """);
  }

  @Test
  void install_keepsTheOriginalsSettings_andReplacesItsCronScript() {
    String state =
        onSystem(
            """
            mkdir -p /opt/deferred-sync/exec /opt/deferred-sync/lib /opt/deferred-sync/config /etc/opt/deferred-sync
            echo '# shell' >/opt/deferred-sync/exec/deferred-sync
            echo '# load' >/opt/deferred-sync/lib/load
            echo 'BACKUPTO=/srv' >/etc/opt/deferred-sync/sync.conf
            ln -s /etc/opt/deferred-sync/sync.conf /opt/deferred-sync/config/sync.conf
            echo '# original' >/etc/cron.daily/deferred-sync
            sh "$1" >"$2"
            cat /opt/deferred-sync/config/sync.conf /opt/deferred-sync/original-*/etc/cron.daily/deferred-sync
            cmp "${1%/*}/cron/deferred-sync" /etc/cron.daily/deferred-sync
            """);

    assertThat(state).isEqualTo("BACKUPTO=/srv\n# original\n");
  }

  @Test
  void job_needsNothingOfTmp_norItsLibrariesThere() {
    String state =
        onSystem(
            """
            unset DEFERRED_SYNC_JAVA_HOME
            sh "$1" >"$2"
            mkdir -p /home/source
            echo content >/home/source/file
            mkdir -p /home/dumps
            sqlite3 /home/source/app.db 'CREATE TABLE t (i)'
            cat >/etc/opt/deferred-sync/sync.conf <<'END'
            BACKUPDIRS=/home/source
            BACKUPTO=/home/backup
            SQLITE_DBS=/home/source/app.db
            SQLITEDUMP=/home/dumps
            DUMP_COMPRESSION=zstd
            PLUGINS="dump_sqlite incremental_backup"
            JOBLOG=/var/log/deferred-sync/sync.log
            END
            mount -t tmpfs -o ro,noexec tmpfs /tmp
            cd /
            /opt/deferred-sync/exec/deferred-sync
            /etc/cron.daily/deferred-sync
            /opt/deferred-sync/exec/deferred-sync snapshots --json | grep -o '"id": *[0-9]' | wc -l
            ls /var/lib/deferred-sync/targets | wc -l
            cat /home/backup/home/source/file
            ls /home/dumps
            """);

    assertThat(state).isEqualTo("2\n1\ncontent\nhome_source_app.db.zst\n");
  }
}
