package org.deferredsync.config;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.logging.Printable;

/**
 * Every setting that has a meaning here: its default, what it is for, and what it must look like.
 */
public final class KnownSettings {
  /** The exclude rules of a single source, which stand before those of all. */
  public static final String EXCLUDE = "EXCLUDE";

  private static final Duration YEAR = Duration.ofDays(365);

  private static final List<KnownSetting> FIRST =
      List.of(
          setting("DRY_RUN", "false", "preview: change nothing", (s, key) -> s.flag(key)),
          setting("JOBLOG", "/var/log/deferred-sync/sync.log", "the log file", Check.PATH),
          setting(
              "STARTSCRIPT",
              "$SCRIPT_HOME/lib/before",
              "run before the plugins; empty for none",
              Check.PATH_OR_EMPTY),
          setting(
              "ENDSCRIPT",
              "$SCRIPT_HOME/lib/after",
              "run after the plugins; empty for none",
              Check.PATH_OR_EMPTY),
          setting(
              "ADMIN_MAIL_ADDRESS",
              "",
              "who is mailed the log; empty for nobody",
              (s, key) -> MailKeys.addresses(s)),
          setting(
              "MAIL_ON", "always", "mail: always, trouble or change", (s, key) -> MailKeys.on(s)),
          setting(
              "MAIL_SUBJECT",
              "[cron][$(hostname)] Deferred Sync Log",
              "mail: the subject, behind the verdict",
              (s, key) -> MailKeys.subject(s)),
          setting("SENDMAIL", "/usr/sbin/sendmail", "mail: the program that takes it", Check.PATH),
          setting(
              "SMTP_HOST",
              "",
              "mail: the server that takes it instead; empty for none",
              (s, key) -> MailKeys.smtpHost(s)),
          setting(
              "SMTP_PORT",
              "",
              "mail: its port; empty for the usual one",
              (s, key) -> MailKeys.smtpPort(s)),
          setting(
              "SMTP_TLS", "starttls", "mail: starttls, tls or none", (s, key) -> MailKeys.tls(s)),
          setting("SMTP_USER", "", "mail: the account there; empty for none"),
          setting("SMTP_PASS", "", "mail: its password"),
          setting(
              "SMTP_PASS_FILE", "", "mail: the file that holds its password", Check.PATH_OR_EMPTY),
          setting(
              "LOAD_PLUGINS_ALL",
              "false",
              "run every plugin, in the order of their numbers",
              (s, key) -> s.flag(key)),
          setting(
              "PLUGINS",
              "get_resources incremental_backup",
              "the plugins to run otherwise, in this order"),
          setting(
              "PLUGIN_TIMEOUT",
              "24h",
              "how long one plugin may take",
              (s, key) -> pluginTimeout(s)),
          setting(
              "LOCK_WAIT", "0", "how long to wait for another run to end", (s, key) -> lockWait(s)),
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
              (s, key) -> expireDays(s)),
          keeping("KEEP_LAST", "the newest ones"),
          keeping("KEEP_DAILY", "the newest of each day"),
          keeping("KEEP_WEEKLY", "the newest of each week"),
          keeping("KEEP_MONTHLY", "the newest of each month"),
          keeping("KEEP_YEARLY", "the newest of each year"),
          setting(
              "KEEP_MIN",
              "3",
              "incremental_backup: complete runs that are kept however old they are",
              (s, key) -> keepMin(s)),
          setting(
              "VERIFY_PERCENT",
              "1",
              "incremental_backup: how much of what is stored is read again once a day; 0 for none",
              (s, key) -> verifyPercent(s)),
          setting(
              "VERIFY_TIME",
              "30m",
              "incremental_backup: how long that may take",
              (s, key) -> verifyTime(s)),
          setting(
              "GUARD_PERCENT",
              "30",
              "incremental_backup: a source that loses a larger share at once is held; 100 for never",
              (s, key) -> guardPercent(s)),
          setting(
              "GUARD_MIN",
              "100",
              "incremental_backup: a source that had fewer entries is not judged by shares",
              (s, key) -> guardMin(s)),
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
              (s, key) -> excludeIfPresent(s)),
          setting(
              "EXCLUDE_LARGER_THAN",
              "",
              "incremental_backup: leave out larger files; empty for none",
              (s, key) -> excludeLargerThan(s)),
          setting(
              "REQUIRED_MOUNTS",
              "",
              "incremental_backup: directories that have to be mounted",
              (s, key) -> requiredMounts(s)),
          setting(
              "SERVER_ALIVE_CHECK",
              "/etc/cron.exec/server_alive_check.sh",
              "server_alive_check: the script to run",
              Check.PATH_OR_EMPTY),
          setting(
              "OLDKERNELS_COUNT",
              "2",
              "system_upgrade: kernels that are kept (Red Hat family)",
              (s, key) -> oldKernelsCount(s)),
          setting(
              "UBUNTU_ARCHITECTURE",
              "generic",
              "ubuntu_kernel_upgrade: the kernel's flavour; empty for none",
              (s, key) -> kernelFlavour(s)));

  private static final List<KnownSetting> REMOTE =
      List.of(
          setting("REMOTE_HOSTS", "remote_server_name_or_IP", "backup_to_remote: the hosts"),
          setting(
              "REMOTE_DIR", "/home/remote/$(hostname)", "backup_to_remote: the directory there"),
          setting("BACKUPUSER", "root", "backup_to_remote: the user there"),
          setting(
              "PUSH_PARALLEL",
              "1",
              "backup_to_remote: how many hosts are pushed to at once",
              (s, key) -> s.wholeNumber(key, 1, 64)),
          setting(
              "PUSH_FULL_DAYS",
              "7",
              "backup_to_remote: days until everything is compared again",
              (s, key) -> s.wholeNumber(key, 1, 36_500)),
          setting("GET_HOSTS", "remote_server_name_or_IP", "get_remote_dir: the hosts"),
          setting("GET_REMOTE_DIRS", "/home/backup", "get_remote_dir: the directories there"),
          setting("GET_TARGET_DIR", "/home/remote", "get_remote_dir: the directory here"),
          setting("REMOTE_USER", "root", "get_remote_dir: the user there"),
          setting(
              "GET_PARALLEL",
              "4",
              "get_remote_dir: how many directories are fetched at once",
              (s, key) -> s.wholeNumber(key, 1, 64)),
          setting(
              "GET_HISTORY",
              "false",
              "get_remote_dir: keep what a run displaces, for EXPIREDAYS",
              (s, key) -> s.flag(key)),
          setting("SSH_CONFIG", "", "push and pull: instead of ssh_config", Check.PATH_OR_EMPTY),
          setting(
              "SSH_IDENTITY",
              "",
              "push and pull: the private key, instead of what ssh would use",
              Check.PATH_OR_EMPTY),
          setting(
              "SSH_KNOWN_HOSTS",
              "",
              "push and pull: the file with keys of hosts, instead of what ssh would use",
              Check.PATH_OR_EMPTY),
          setting(
              "SSH_TIMEOUT",
              "20s",
              "push and pull: how long a host may be silent",
              (s, key) -> sshTimeout(s)),
          setting(
              "BWLIMIT",
              "",
              "push and pull: KiB a second, or as rsync takes it, such as 2m; empty for no limit",
              (s, key) -> bandwidth(s)));

  private static final List<KnownSetting> ALL =
      Stream.of(FIRST, KnownDumpSettings.ALL, REMOTE).flatMap(List::stream).toList();

  private static final Map<String, KnownSetting> BY_KEY =
      ALL.stream().collect(Collectors.toUnmodifiableMap(KnownSetting::key, Function.identity()));

  private KnownSettings() {}

  /**
   * One setting.
   *
   * @param standard its default, as it would stand between double quotes in {@code sync.conf}
   * @param description one line: what it is for
   * @param check what its value must satisfy for those who need it
   */
  public record KnownSetting(String key, String standard, String description, Check check) {
    /** Whether a variable of the process holds where the file says nothing. */
    boolean fromEnvironment() {
      return key.equals("SERVER_ALIVE_CHECK");
    }
  }

  /** What the value of a setting must satisfy. */
  @FunctionalInterface
  public interface Check {
    /** Any text. */
    Check ANY = (settings, key) -> {};

    /** An absolute path. */
    Check PATH =
        (settings, key) -> {
          settings.required(key);
          settings.path(key);
        };

    /** An absolute path or nothing. */
    Check PATH_OR_EMPTY = Settings::path;

    /**
     * Looks at the value.
     *
     * @throws SettingException if it does not satisfy
     */
    void check(Settings settings, String key) throws SettingException;
  }

  static KnownSetting setting(String key, String standard, String description, Check check) {
    return new KnownSetting(key, standard, description, check);
  }

  static KnownSetting setting(String key, String standard, String description) {
    return setting(key, standard, description, Check.ANY);
  }

  private static KnownSetting keeping(String key, String which) {
    return setting(
        key,
        "",
        "incremental_backup: so many complete runs stay beyond EXPIREDAYS, " + which,
        (settings, name) -> keep(settings, name));
  }

  /** All of them, the job's first, then the plugins' in their order. */
  public static List<KnownSetting> all() {
    return ALL;
  }

  /** Whether a setting of that name is known. */
  public static boolean isKnown(String key) {
    return BY_KEY.containsKey(key);
  }

  /** How many days history is kept, 1 to 36500. */
  public static int expireDays(Settings settings) throws SettingException {
    return settings.wholeNumber("EXPIREDAYS", 1, 36_500);
  }

  /** How many complete runs are kept however old they are, 1 to 36500. */
  public static int keepMin(Settings settings) throws SettingException {
    return settings.wholeNumber("KEEP_MIN", 1, 36_500);
  }

  /** How many complete runs a KEEP rule keeps, 1 to 36500; 0 where it is not set. */
  public static int keep(Settings settings, String key) throws SettingException {
    boolean unset = settings.origin(key).equals("default") && settings.text(key).isEmpty();
    return unset ? 0 : settings.wholeNumber(key, 1, 36_500);
  }

  /** How much of what is stored is read again once a day, 0 to 100. */
  public static int verifyPercent(Settings settings) throws SettingException {
    return settings.wholeNumber("VERIFY_PERCENT", 0, 100);
  }

  /** How long that may take, a second to a year. */
  public static Duration verifyTime(Settings settings) throws SettingException {
    return settings.duration("VERIFY_TIME", Duration.ofSeconds(1), YEAR);
  }

  /** The share of a source that may go at once, in percent, 1 to 100; 100 is no limit. */
  public static int guardPercent(Settings settings) throws SettingException {
    return settings.wholeNumber("GUARD_PERCENT", 1, 100);
  }

  /** How many entries a source must have had to be judged by shares, 1 to 999999999. */
  public static int guardMin(Settings settings) throws SettingException {
    return settings.wholeNumber("GUARD_MIN", 1, 999_999_999);
  }

  /** The directories that have to be mounted, as absolute paths. */
  public static List<String> requiredMounts(Settings settings) throws SettingException {
    List<String> mounts = settings.list("REQUIRED_MOUNTS");
    for (String mount : mounts) {
      if (!mount.startsWith("/")) {
        throw settings.invalid(
            "REQUIRED_MOUNTS",
            "names " + Printable.of(mount) + ", which is not an absolute path; begin it with /");
      }
    }
    return mounts;
  }

  /** The exclude rules that a single source has of its own. */
  public static ExcludeRules exclude(Settings settings) throws SettingException {
    Settings.Value own = settings.values().get(EXCLUDE);
    return own == null || own.items() == null
        ? ExcludeRules.none()
        : ExcludeRules.parse(own.items());
  }

  /** The names that keep a directory's contents out of the backup. */
  public static List<String> excludeIfPresent(Settings settings) throws SettingException {
    List<String> names = settings.list("EXCLUDE_IF_PRESENT");
    for (String name : names) {
      if (name.indexOf('/') >= 0 || name.equals(".") || name.equals("..")) {
        throw settings.invalid(
            "EXCLUDE_IF_PRESENT",
            "names " + Printable.of(name) + ", which is a path; write the name of a file alone");
      }
    }
    return names;
  }

  /** The size in bytes of the largest file that is backed up, if that is limited. */
  public static OptionalLong excludeLargerThan(Settings settings) throws SettingException {
    if (settings.text("EXCLUDE_LARGER_THAN").isBlank()) {
      return OptionalLong.empty();
    }
    OptionalLong size = SizeText.parse(settings.text("EXCLUDE_LARGER_THAN"));
    if (size.isEmpty()) {
      throw settings.invalid(
          "EXCLUDE_LARGER_THAN",
          "is not a size; write a whole number of bytes, or one with K, M, G or T, such as 500M");
    }
    return size;
  }

  /** How many kernels an upgrade keeps, 1 to 99. */
  public static int oldKernelsCount(Settings settings) throws SettingException {
    return settings.wholeNumber("OLDKERNELS_COUNT", 1, 99);
  }

  /** The last part of the names of a kernel's packages; empty for none. */
  public static String kernelFlavour(Settings settings) throws SettingException {
    String flavour = settings.text("UBUNTU_ARCHITECTURE").strip();
    if (!flavour.isEmpty() && !flavour.matches("[a-z0-9][a-z0-9.+-]*")) {
      throw settings.invalid(
          "UBUNTU_ARCHITECTURE", "is no flavour of a kernel; write one such as generic");
    }
    return flavour;
  }

  /** How long one plugin may take, a second to a year. */
  public static Duration pluginTimeout(Settings settings) throws SettingException {
    return settings.duration("PLUGIN_TIMEOUT", Duration.ofSeconds(1), YEAR);
  }

  /** How long one dump may take, a second to a year. */
  public static Duration dumpTimeout(Settings settings) throws SettingException {
    return settings.duration("DUMP_TIMEOUT", Duration.ofSeconds(1), YEAR);
  }

  /** The port that a setting names, 1 to 65535; 0 where it is empty. */
  public static int port(Settings settings, String key) throws SettingException {
    return settings.text(key).isBlank() ? 0 : settings.wholeNumber(key, 1, 65_535);
  }

  /** How long a run waits for another one to end, up to a year; zero is not at all. */
  public static Duration lockWait(Settings settings) throws SettingException {
    return settings.duration("LOCK_WAIT", Duration.ZERO, YEAR);
  }

  /** How long a host may be silent, a second to a day. */
  public static Duration sshTimeout(Settings settings) throws SettingException {
    return settings.duration("SSH_TIMEOUT", Duration.ofSeconds(1), Duration.ofDays(1));
  }

  /** How much may be sent in a second, as rsync's {@code --bwlimit} takes it; empty for all. */
  public static String bandwidth(Settings settings) throws SettingException {
    String text = settings.text("BWLIMIT").strip();
    if (!text.matches("([0-9]{1,9}(\\.[0-9]{1,3})?[kKmMgG]?)?")) {
      throw settings.invalid(
          "BWLIMIT", "is no rate; write KiB a second, or a number and k, m or g, such as 2m");
    }
    return text;
  }

  /** The known setting whose name is most like that one, if any is enough like it. */
  static Optional<String> nearest(String key) {
    String wanted = key.toUpperCase(Locale.ROOT);
    String nearest = "";
    int least = Math.max(2, key.length() / 3) + 1;
    for (KnownSetting setting : ALL) {
      int distance = distance(wanted, setting.key());
      if (distance < least) {
        least = distance;
        nearest = setting.key();
      }
    }
    return nearest.isEmpty() ? Optional.empty() : Optional.of(nearest);
  }

  /** Insertions, deletions, replacements and swaps of neighbours that make one into the other. */
  static int distance(String one, String other) {
    int[][] cost = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        int best = Math.min(cost[i - 1][j], cost[i][j - 1]) + 1;
        best = Math.min(best, cost[i - 1][j - 1] + (same ? 0 : 1));
        boolean swapped =
            i > 1
                && j > 1
                && one.charAt(i - 1) == other.charAt(j - 2)
                && one.charAt(i - 2) == other.charAt(j - 1);
        cost[i][j] = swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
      }
    }
    return cost[one.length()][other.length()];
  }
}
