package org.deferredsync.plugin.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.deferredsync.backup.BackupRequest;
import org.deferredsync.backup.DailyVerification;
import org.deferredsync.backup.Guard;
import org.deferredsync.backup.Omissions;
import org.deferredsync.backup.Retention;
import org.deferredsync.backup.Source;
import org.deferredsync.config.BackupKeys;
import org.deferredsync.config.ExcludeRules;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FilePath;

/** The settings of the backup, checked: what they ask for is a run that can be tried. */
public final class BackupSettings {
  /** Where dumps go, which is nothing to the backup but that it may lie in the target. */
  private static final List<String> DUMPS =
      List.of("MYSQLDUMP", "PGDUMP", "MONGODBDUMP", "MONGODBDUMP_PATH", "SVNDUMP", "SQLITEDUMP");

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
        BackupKeys.expireDays(settings),
        new Retention.Keep(
            BackupKeys.keep(settings, "KEEP_LAST"),
            BackupKeys.keep(settings, "KEEP_DAILY"),
            BackupKeys.keep(settings, "KEEP_WEEKLY"),
            BackupKeys.keep(settings, "KEEP_MONTHLY"),
            BackupKeys.keep(settings, "KEEP_YEARLY")),
        BackupKeys.keepMin(settings));
  }

  /**
   * The same of each source: its own where it has any, else that of all.
   *
   * @throws SettingException if a number is none, or out of its range
   */
  public static Function<FilePath, Retention> retentions(Settings settings)
      throws SettingException {
    Retention usual = retention(settings);
    Map<FilePath, Retention> own = new HashMap<>();
    for (Map.Entry<FilePath, String> source : namedSources(settings).entrySet()) {
      own.put(source.getKey(), retention(settings.of(source.getValue())));
    }
    return source -> own.getOrDefault(source, usual);
  }

  /**
   * How much of the target is verified once a day.
   *
   * @throws SettingException if a setting is malformed, or out of its range
   */
  public static DailyVerification.Limits verification(Settings settings) throws SettingException {
    return new DailyVerification.Limits(
        BackupKeys.verifyPercent(settings), BackupKeys.verifyTime(settings));
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
    Guard guard = guard(settings, command);
    List<FilePath> mounts = requiredMounts(settings);
    Set<String> told = new LinkedHashSet<>();
    List<Source> sources = new ArrayList<>();
    Map<String, ExcludeRules> files = new HashMap<>();
    for (Map.Entry<FilePath, String> named : namedSources(settings).entrySet()) {
      FilePath path = named.getKey();
      Settings own = settings.of(named.getValue());
      ExcludeRules file = files.get(own.text("EXCLUDEFILE"));
      if (file == null) {
        file = rules(own, trust);
        files.put(own.text("EXCLUDEFILE"), file);
      }
      ExcludeRules rules = BackupKeys.exclude(own).then(file);
      told.addAll(rules.warnings());
      sources.add(
          new Source(
              path,
              new RuleFilter(rules, path),
              omissions(own),
              own(settings, named.getValue(), command)));
    }
    warnings.addAll(told);
    return new BackupRequest(
        target, sources, retention, guard, mounts, approved, dumps(settings, target));
  }

  /** The names directly below the target under which dumps lie: by default MongoDB's do. */
  private static Set<String> dumps(Settings settings, FilePath target) {
    byte[] above = Arrays.copyOf(target.bytes(), target.length() + 1);
    above[target.length()] = '/';
    Set<String> names = new HashSet<>();
    for (String key : DUMPS) {
      byte[] path = settings.text(key).getBytes(StandardCharsets.UTF_8);
      if (Arrays.mismatch(above, path) == above.length) {
        String below =
            new String(path, above.length, path.length - above.length, StandardCharsets.ISO_8859_1);
        names.add(below.split("/", 2)[0]);
      }
    }
    return names;
  }

  /**
   * The directories that BACKUPDIRS names, in its order.
   *
   * @throws SettingException if it names none, one twice, or what is not an absolute path
   */
  public static Set<FilePath> sources(Settings settings) throws SettingException {
    return namedSources(settings).keySet();
  }

  /** The same with what the setting calls each. */
  private static Map<FilePath, String> namedSources(Settings settings) throws SettingException {
    Map<FilePath, String> paths = new LinkedHashMap<>();
    for (String word : settings.list("BACKUPDIRS")) {
      FilePath path = path(settings, "BACKUPDIRS", word);
      if (paths.put(path, word) != null) {
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

  private static Guard guard(Settings settings, String command) throws SettingException {
    return new Guard(BackupKeys.guardPercent(settings), BackupKeys.guardMin(settings), command);
  }

  private static List<FilePath> requiredMounts(Settings settings) throws SettingException {
    List<FilePath> mounts = new ArrayList<>();
    for (String mount : BackupKeys.requiredMounts(settings)) {
      mounts.add(path(settings, "REQUIRED_MOUNTS", mount));
    }
    return mounts;
  }

  private static Source.Own own(Settings all, String source, String command)
      throws SettingException {
    Map<String, Settings.Value> values = all.own().get(source);
    if (values == null) {
      return Source.Own.NOTHING;
    }
    Settings settings = all.of(source);
    return new Source.Own(
        guard(settings, command),
        retention(settings),
        values.containsKey("REQUIRED_MOUNTS") ? requiredMounts(settings) : List.of());
  }

  private static Omissions omissions(Settings settings) throws SettingException {
    return new Omissions(
        settings.flag("ONE_FILE_SYSTEM"),
        settings.flag("EXCLUDE_CACHES"),
        BackupKeys.excludeIfPresent(settings),
        BackupKeys.excludeLargerThan(settings).orElse(Omissions.UNLIMITED));
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
