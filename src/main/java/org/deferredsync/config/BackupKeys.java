package org.deferredsync.config;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.deferredsync.logging.Printable;

/** What the settings of incremental_backup mean: their values, each within its bounds. */
public final class BackupKeys {
  /** The exclude rules of a single source, which stand before those of all. */
  public static final String EXCLUDE = "EXCLUDE";

  private BackupKeys() {}

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
    return settings.duration("VERIFY_TIME", Duration.ofSeconds(1), Duration.ofDays(365));
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
}
