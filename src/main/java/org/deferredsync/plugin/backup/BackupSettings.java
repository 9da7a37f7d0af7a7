package org.deferredsync.plugin.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.backup.BackupRequest;
import org.deferredsync.backup.DailyVerification;
import org.deferredsync.backup.Guard;
import org.deferredsync.backup.Retention;
import org.deferredsync.backup.Source;
import org.deferredsync.config.ExcludeRules;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FilePath;

/** The settings of the backup, checked: what they ask for is a run that can be tried. */
public final class BackupSettings {
  private BackupSettings() {}

  /**
   * The directory that BACKUPTO names.
   *
   * @throws SettingException if it is empty, relative, or not a plain path
   */
  public static FilePath target(Settings settings) throws SettingException {
    return path(settings, "BACKUPTO", settings.required("BACKUPTO"));
  }

  /**
   * How long snapshots are kept.
   *
   * @throws SettingException if a number is none, or out of its range
   */
  public static Retention retention(Settings settings) throws SettingException {
    return new Retention(
        KnownSettings.expireDays(settings),
        new Retention.Keep(
            KnownSettings.keep(settings, "KEEP_LAST"),
            KnownSettings.keep(settings, "KEEP_DAILY"),
            KnownSettings.keep(settings, "KEEP_WEEKLY"),
            KnownSettings.keep(settings, "KEEP_MONTHLY"),
            KnownSettings.keep(settings, "KEEP_YEARLY")),
        KnownSettings.keepMin(settings));
  }

  /**
   * How much of the target is verified once a day.
   *
   * @throws SettingException if a setting is malformed, or out of its range
   */
  public static DailyVerification.Limits verification(Settings settings) throws SettingException {
    return new DailyVerification.Limits(
        KnownSettings.verifyPercent(settings), KnownSettings.verifyTime(settings));
  }

  /**
   * What the settings ask for.
   *
   * @param approved the sources of which the operator releases what the last run recorded
   * @param command what an operator types to run the backup
   * @param warnings takes lines about the exclude file that the operator should see
   * @throws SettingException if a setting, or the exclude file, is malformed, absent or not to be
   *     trusted
   */
  public static BackupRequest request(
      Settings settings,
      TrustedPath trust,
      Set<FilePath> approved,
      String command,
      List<String> warnings)
      throws SettingException {
    FilePath target = target(settings);
    Retention retention = retention(settings);
    Guard guard =
        new Guard(KnownSettings.guardPercent(settings), KnownSettings.guardMin(settings), command);
    List<FilePath> mounts = new ArrayList<>();
    for (String mount : KnownSettings.requiredMounts(settings)) {
      mounts.add(path(settings, "REQUIRED_MOUNTS", mount));
    }
    ExcludeRules rules = rules(settings, trust);
    warnings.addAll(rules.warnings());
    List<Source> sources = new ArrayList<>();
    for (FilePath path : sources(settings)) {
      sources.add(new Source(path, new RuleFilter(rules, path)));
    }
    return new BackupRequest(target, sources, retention, guard, mounts, approved);
  }

  /**
   * The directories that BACKUPDIRS names, in its order.
   *
   * @throws SettingException if it names none, one twice, or what is not an absolute path
   */
  public static Set<FilePath> sources(Settings settings) throws SettingException {
    Set<FilePath> paths = new LinkedHashSet<>();
    for (String word : settings.list("BACKUPDIRS")) {
      FilePath path = path(settings, "BACKUPDIRS", word);
      if (!paths.add(path)) {
        throw settings.invalid("BACKUPDIRS", "names " + path + " twice; take one out");
      }
    }
    if (paths.isEmpty()) {
      throw settings.invalid("BACKUPDIRS", "names no directory; set it");
    }
    return paths;
  }

  private static FilePath path(Settings settings, String key, String text) throws SettingException {
    try {
      return FilePath.normalized(text.getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      String named =
          text.equals(settings.text(key)) ? "" : "names " + Printable.of(text) + ", which ";
      throw settings.invalid(
          key,
          named
              + (text.startsWith("/")
                  ? "has .. in it; write the path without"
                  : "is not an absolute path; begin it with /"));
    }
  }

  private static ExcludeRules rules(Settings settings, TrustedPath trust) throws SettingException {
    String name = settings.text("EXCLUDEFILE").strip();
    if (name.isEmpty()) {
      return ExcludeRules.none();
    }
    Path file = Path.of(name);
    if (!file.isAbsolute()) {
      throw settings.invalid("EXCLUDEFILE", "is not an absolute path; begin it with /");
    }
    if (!Files.isRegularFile(file)) {
      throw settings.invalid(
          "EXCLUDEFILE", "names no file; make it, or set EXCLUDEFILE= for no rules");
    }
    var complaint = trust.complaint(file);
    if (complaint.isPresent()) {
      throw settings.invalid("EXCLUDEFILE", "is not trusted: " + complaint.get());
    }
    try {
      return ExcludeRules.parse(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw settings.invalid("EXCLUDEFILE", "cannot be read (" + e.getMessage() + ")");
    }
  }
}
