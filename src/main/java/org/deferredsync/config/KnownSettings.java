package org.deferredsync.config;

import static org.deferredsync.config.KnownSetting.setting;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.config.KnownSetting.Check;

/**
 * Every setting that has a meaning here: its default, what it is for, and what it must look like.
 */
public final class KnownSettings {
  private static final Duration YEAR = Duration.ofDays(365);

  private static final List<KnownSetting> JOB =
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
              "SMTP_TLS",
              "starttls",
              "mail: starttls, tls, or none, which hides no password",
              (s, key) -> MailKeys.tls(s)),
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
              "LOCK_WAIT",
              "0",
              "how long to wait for another run to end",
              (s, key) -> lockWait(s)));

  private static final List<KnownSetting> HOST =
      List.of(
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

  private static final List<KnownSetting> ALL =
      Stream.of(JOB, KnownBackupSettings.ALL, HOST, KnownDumpSettings.ALL, KnownRemoteSettings.ALL)
          .flatMap(List::stream)
          .toList();

  private static final Map<String, KnownSetting> BY_KEY =
      ALL.stream().collect(Collectors.toUnmodifiableMap(KnownSetting::key, Function.identity()));

  private KnownSettings() {}

  /** All of them, the job's first, then the plugins' in their order. */
  public static List<KnownSetting> all() {
    return ALL;
  }

  /** Whether a setting of that name is known. */
  public static boolean isKnown(String key) {
    return BY_KEY.containsKey(key);
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
    List<String> known = ALL.stream().map(KnownSetting::key).toList();
    int most = Math.max(2, key.length() / 3);
    return Spelling.nearest(key.toUpperCase(Locale.ROOT), known, UnaryOperator.identity(), most);
  }
}
