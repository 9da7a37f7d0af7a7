package org.deferredsync.plugin.dump;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.snapshot.FilePath;

/** Where the settings have the dumps of each kind, for those who look for them. */
final class DumpDirectories {
  private static final Map<Kind, String> KEYS =
      new EnumMap<>(
          Map.of(
              Kind.MYSQL, "MYSQLDUMP",
              Kind.POSTGRESQL, "PGDUMP",
              Kind.MONGODB, "MONGODBDUMP",
              Kind.SQLITE, "SQLITEDUMP",
              Kind.SVN, "SVNDUMP"));

  private DumpDirectories() {}

  static String key(Kind kind) {
    return Objects.requireNonNull(KEYS.get(kind));
  }

  /** Whether a record is of a dump that the settings still have there. */
  static boolean have(Settings settings, DumpRecord record) throws SettingException {
    String key = key(record.kind());
    if (settings.text(key).isBlank()) {
      return false;
    }
    FilePath path = DumpDirectory.path(settings, key);
    FilePath parent = path.parent();
    FilePath directory = record.kind() == Kind.MONGODB && parent != null ? parent : path;
    return directory.toString().equals(record.directory());
  }
}
