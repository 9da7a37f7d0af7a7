package org.deferredsync.config;

import static org.deferredsync.config.KnownSetting.setting;

import java.util.List;
import org.deferredsync.config.KnownSetting.Check;

/** The settings of incremental_backup. */
final class KnownBackupSettings {
  static final List<KnownSetting> ALL =
      List.of(
          setting(
              "BACKUPDIRS",
              "/home/ubuntu /var/www /root /etc /boot /home/svndump /home/mysqldump",
              "incremental_backup: the directories to back up"),
          setting("BACKUPTO", "/home/backup", "incremental_backup: the target", Check.PATH),
          setting(
              "EXCLUDEFILE",
              "$SCRIPT_HOME/config/exclude.conf",
              "incremental_backup: the exclude rules; empty for none",
              Check.PATH_OR_EMPTY),
          setting(
              "EXPIREDAYS",
              "15",
              "incremental_backup: days that every run is kept",
              (s, key) -> BackupKeys.expireDays(s)),
          keeping("KEEP_LAST", "the newest ones"),
          keeping("KEEP_DAILY", "the newest of each day"),
          keeping("KEEP_WEEKLY", "the newest of each week"),
          keeping("KEEP_MONTHLY", "the newest of each month"),
          keeping("KEEP_YEARLY", "the newest of each year"),
          setting(
              "KEEP_MIN",
              "3",
              "incremental_backup: complete runs that are kept however old they are",
              (s, key) -> BackupKeys.keepMin(s)),
          setting(
              "VERIFY_PERCENT",
              "1",
              "incremental_backup: how much of what is stored is read again once a day; 0 for none",
              (s, key) -> BackupKeys.verifyPercent(s)),
          setting(
              "VERIFY_TIME",
              "30m",
              "incremental_backup: how long that may take",
              (s, key) -> BackupKeys.verifyTime(s)),
          setting(
              "GUARD_PERCENT",
              "30",
              "incremental_backup: a source that loses a larger share at once is held; 100 for never",
              (s, key) -> BackupKeys.guardPercent(s)),
          setting(
              "GUARD_MIN",
              "100",
              "incremental_backup: a source that had fewer entries is not judged by shares",
              (s, key) -> BackupKeys.guardMin(s)),
          setting(
              "ONE_FILE_SYSTEM",
              "false",
              "incremental_backup: leave out what is mounted in a source",
              (s, key) -> s.flag(key)),
          setting(
              "EXCLUDE_CACHES",
              "false",
              "incremental_backup: leave out what a valid CACHEDIR.TAG is beside",
              (s, key) -> s.flag(key)),
          setting(
              "EXCLUDE_IF_PRESENT",
              "",
              "incremental_backup: leave out what one of these names is beside",
              (s, key) -> BackupKeys.excludeIfPresent(s)),
          setting(
              "EXCLUDE_LARGER_THAN",
              "",
              "incremental_backup: leave out larger files; empty for none",
              (s, key) -> BackupKeys.excludeLargerThan(s)),
          setting(
              "REQUIRED_MOUNTS",
              "",
              "incremental_backup: directories that have to be mounted",
              (s, key) -> BackupKeys.requiredMounts(s)));

  private KnownBackupSettings() {}

  private static KnownSetting keeping(String key, String which) {
    return setting(
        key,
        "",
        "incremental_backup: so many complete runs stay beyond EXPIREDAYS, " + which,
        (settings, name) -> BackupKeys.keep(settings, name));
  }
}
