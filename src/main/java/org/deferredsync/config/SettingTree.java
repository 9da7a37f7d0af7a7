package org.deferredsync.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where each setting stands in {@code sync.yaml}: paths of names with dots between them. Every
 * known setting has one place, and no place lies in another.
 */
final class SettingTree {
  /** Names of the operator's own, for script plugins. */
  static final String VARIABLES = "variables";

  /** The directories to back up, each a path or a tree of its own. */
  static final String SOURCES = "backup.sources";

  private static final String BACKUP = "backup.";

  /** Those that what is left of the key's beginning does not tell. */
  private static final Map<String, String> NAMED =
      Map.ofEntries(
          Map.entry("JOBLOG", "log"),
          Map.entry("STARTSCRIPT", "before"),
          Map.entry("ENDSCRIPT", "after"),
          Map.entry("ADMIN_MAIL_ADDRESS", "mail.to"),
          Map.entry("MAIL_ON", "mail.when"),
          Map.entry("SENDMAIL", "mail.sendmail"),
          Map.entry("SMTP_PASS", "mail.smtp.password"),
          Map.entry("SMTP_PASS_FILE", "mail.smtp.password_file"),
          Map.entry("OLDKERNELS_COUNT", "upgrade.old_kernels"),
          Map.entry("UBUNTU_ARCHITECTURE", "upgrade.ubuntu_architecture"),
          Map.entry("MYSQL_DBS", "mysql.databases"),
          Map.entry("MYSQL_PASS", "mysql.password"),
          Map.entry("MYSQL_PASS_FILE", "mysql.password_file"),
          Map.entry("MYSQLDUMP", "mysql.directory"),
          Map.entry("PG_DBS", "postgresql.databases"),
          Map.entry("PG_PASS", "postgresql.password"),
          Map.entry("PG_PASS_FILE", "postgresql.password_file"),
          Map.entry("PGDUMP", "postgresql.directory"),
          Map.entry("MONGODUMP_BIN", "mongodb.program"),
          Map.entry("MONGODUMP_CONFIG", "mongodb.config"),
          Map.entry("MONGODBDUMP_PATH", "mongodb.directory"),
          Map.entry("MONGODBDUMP", "mongodb.file"),
          Map.entry("SVN_REPOS", "svn.repositories"),
          Map.entry("SVNDUMP", "svn.directory"),
          Map.entry("SQLITE_DBS", "sqlite.databases"),
          Map.entry("SQLITEDUMP", "sqlite.directory"),
          Map.entry("BACKUPDIRS", SOURCES),
          Map.entry("BACKUPTO", "backup.target"),
          Map.entry("EXCLUDEFILE", "backup.exclude_file"),
          Map.entry("EXPIREDAYS", "backup.keep.days"),
          Map.entry("ONE_FILE_SYSTEM", "backup.one_file_system"),
          Map.entry("EXCLUDE_CACHES", "backup.exclude_caches"),
          Map.entry("EXCLUDE_IF_PRESENT", "backup.exclude_if_present"),
          Map.entry("EXCLUDE_LARGER_THAN", "backup.exclude_larger_than"),
          Map.entry("REQUIRED_MOUNTS", "backup.required_mounts"),
          Map.entry("REMOTE_HOSTS", "push.hosts"),
          Map.entry("REMOTE_DIR", "push.directory"),
          Map.entry("BACKUPUSER", "push.user"),
          Map.entry("GET_REMOTE_DIRS", "pull.directories"),
          Map.entry("GET_TARGET_DIR", "pull.target"),
          Map.entry("REMOTE_USER", "pull.user"));

  private static final Map<String, String> GROUPS =
      Map.ofEntries(
          Map.entry("KEEP_", "backup.keep."),
          Map.entry("GUARD_", "backup.guard."),
          Map.entry("VERIFY_", "backup.verify."),
          Map.entry("MAIL_", "mail."),
          Map.entry("SMTP_", "mail.smtp."),
          Map.entry("MYSQL_", "mysql."),
          Map.entry("PG_", "postgresql."),
          Map.entry("SVN_", "svn."),
          Map.entry("DUMP_", "dump."),
          Map.entry("SSH_", "ssh."),
          Map.entry("PUSH_", "push."),
          Map.entry("GET_", "pull."));

  private static final Set<String> LISTS =
      Set.of(
          "PLUGINS",
          "MYSQL_DBS",
          "PG_DBS",
          "SQLITE_DBS",
          "SVN_REPOS",
          "BACKUPDIRS",
          "EXCLUDE_IF_PRESENT",
          "REQUIRED_MOUNTS",
          "REMOTE_HOSTS",
          "GET_HOSTS",
          "GET_REMOTE_DIRS",
          BackupKeys.EXCLUDE);

  /** The whole file. */
  static final SettingTree ALL = new SettingTree(placesOfAll());

  /** What stands beside the path of a single source. */
  static final SettingTree OF_SOURCE = new SettingTree(placesOfSource());

  private final Map<String, String> keys;

  private SettingTree(Map<String, String> keys) {
    this.keys = Collections.unmodifiableMap(keys);
  }

  private static Map<String, String> placesOfAll() {
    Map<String, String> places = new LinkedHashMap<>();
    for (KnownSetting setting : KnownSettings.all()) {
      places.put(place(setting.key()), setting.key());
    }
    return places;
  }

  private static Map<String, String> placesOfSource() {
    Map<String, String> places = new LinkedHashMap<>();
    places.put("exclude", BackupKeys.EXCLUDE);
    ALL.keys.forEach(
        (place, key) -> {
          boolean ofAll =
              place.equals(SOURCES) || key.equals("BACKUPTO") || key.startsWith("VERIFY_");
          if (place.startsWith(BACKUP) && !ofAll) {
            places.put(place.substring(BACKUP.length()), key);
          }
        });
    return places;
  }

  /** Where that setting stands; for one that is not known where it would. */
  static String place(String key) {
    String named = NAMED.get(key);
    if (named != null) {
      return named;
    }
    for (Map.Entry<String, String> group : GROUPS.entrySet()) {
      if (key.startsWith(group.getKey())) {
        return group.getValue() + key.substring(group.getKey().length()).toLowerCase(Locale.ROOT);
      }
    }
    return key.toLowerCase(Locale.ROOT);
  }

  /** Whether that setting is a list of words. */
  static boolean isList(String key) {
    return LISTS.contains(key);
  }

  /** The setting at that place. */
  Optional<String> key(String place) {
    return Optional.ofNullable(keys.get(place));
  }

  /** Whether other places lie in that one. */
  boolean isGroup(String place) {
    return keys.keySet().stream().anyMatch(known -> known.startsWith(place + "."));
  }

  /** All places, in the order of the settings. */
  Set<String> places() {
    return keys.keySet();
  }

  /** What may stand in that group, which is empty or ends with a dot. */
  Set<String> namesIn(String group) {
    Set<String> names = new LinkedHashSet<>();
    for (String place : keys.keySet()) {
      if (place.startsWith(group)) {
        String rest = place.substring(group.length());
        names.add(rest.indexOf('.') < 0 ? rest : rest.substring(0, rest.indexOf('.')));
      }
    }
    return names;
  }

  /** What was probably meant by a name in that group which is not known there. */
  Optional<String> nearest(String group, String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (Map.Entry<String, String> known : keys.entrySet()) {
      if (known.getValue().equals(name.toUpperCase(Locale.ROOT))) {
        return Optional.of(known.getKey()); // it is called so in sync.conf
      }
    }
    List<String> candidates = new ArrayList<>(namesIn(group));
    candidates.addAll(keys.keySet());
    return Spelling.nearest(
        lower,
        candidates,
        place -> place.substring(place.lastIndexOf('.') + 1),
        Math.max(1, name.length() / 3));
  }
}
