package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.backup.ForeignLinkException;
import org.deferredsync.backup.OperatorPath;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.snapshot.FilePath;

/** Dumps database files of SQLite while they are in use. */
public final class DumpSqlite implements Plugin {
  private static final String DATABASES = "SQLITE_DBS";
  private static final int BUFFER = 64 * 1024;

  @Override
  public String name() {
    return "dump_sqlite";
  }

  @Override
  public int number() {
    return 33;
  }

  @Override
  public String description() {
    return "copies the live SQLite databases SQLITE_DBS to SQLITEDUMP";
  }

  @Override
  public Set<String> settings() {
    return Set.of(DATABASES, "SQLITEDUMP", "DUMP_COMPRESSION", "DUMP_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    if (isOneOfAll(context.settings())) {
      context.log().info("SQLITE_DBS is not set, so there is nothing to dump.");
      return ReturnCode.SUCCESS;
    }
    Map<DumpName, FilePath> databases = databases(context.settings());
    Duration timeout = KnownSettings.dumpTimeout(context.settings());
    Posix posix = Posix.ofSystem();
    try (Dumps dumps = Dumps.to(Kind.SQLITE, context, "SQLITEDUMP")) {
      for (Map.Entry<DumpName, FilePath> database : databases.entrySet()) {
        FilePath path = database.getValue();
        try {
          Path file = located(posix, path);
          if (context.dryRun()) {
            context.log().info("Dry run: {} would be dumped.", path);
          } else {
            make(dumps, database.getKey(), file, context.environment(), timeout);
          }
        } catch (PluginException e) {
          dumps
              .outcomes()
              .refuse(database.getKey(), e.code(), path + ": not dumped: " + e.getMessage() + ".");
        }
      }
      dumps.forgetGone();
      return dumps.outcomes().code();
    }
  }

  /** Whether it runs as every plugin does, and nobody wrote of databases: the original had none. */
  private static boolean isOneOfAll(Settings settings) throws SettingException {
    return settings.flag("LOAD_PLUGINS_ALL") && settings.origin(DATABASES).equals("default");
  }

  /** A file a database, named after its whole path: two with one last name are two. */
  private static Map<DumpName, FilePath> databases(Settings settings) throws SettingException {
    Map<DumpName, FilePath> databases = new LinkedHashMap<>();
    for (String word : settings.list(DATABASES)) {
      FilePath path;
      try {
        path = FilePath.normalized(word.getBytes(StandardCharsets.UTF_8));
      } catch (IllegalArgumentException e) {
        throw settings.invalid(
            DATABASES,
            "names \""
                + Printable.of(word)
                + "\", which is no absolute path without ..; correct it");
      }
      String name =
          new String(path.bytes(), 1, path.length() - 1, StandardCharsets.UTF_8).replace('/', '_');
      Optional<String> complaint = DumpName.complaint(name);
      if (complaint.isPresent()) {
        throw settings.invalid(
            DATABASES,
            "names "
                + path
                + ", whose dump would be called "
                + Printable.of(name)
                + ", which "
                + complaint.get());
      }
      FilePath other = databases.put(new DumpName(name, ""), path);
      if (other != null && !other.equals(path)) {
        throw settings.invalid(
            DATABASES,
            "names " + other + " and " + path + ", whose dumps would have one name; move one");
      }
    }
    if (databases.isEmpty()) {
      throw settings.invalid(DATABASES, "names nothing; set it");
    }
    return databases;
  }

  /**
   * Where the file of a database is, by a path without links: who can change the names on the way
   * to it cannot lead us to another one.
   *
   * @throws PluginException if there is none, with the end of a sentence
   */
  private static Path located(Posix posix, FilePath path) throws PluginException, IOException {
    FilePath parent = path.parent() == null ? FilePath.ROOT : path.parent();
    int directory;
    try {
      directory = OperatorPath.open(posix, parent);
    } catch (ForeignLinkException e) {
      throw missing(String.valueOf(e.getMessage()));
    } catch (PosixException e) {
      throw missing(e.getMessage() + "; correct SQLITE_DBS");
    }
    try {
      if (!posix.stat(directory, path.name()).isRegular()) {
        throw missing("it is no regular file; name the file itself");
      }
      Path real = Path.of(text(parent.bytes())).toRealPath();
      requireSame(posix, directory, real);
      return real.resolve(text(path.name()));
    } catch (PosixException e) {
      throw missing(
          e.is(Errno.ENOENT)
              ? "it does not exist; take it out of SQLITE_DBS"
              : String.valueOf(e.getMessage()));
    } finally {
      posix.close(directory);
    }
  }

  private static void requireSame(Posix posix, int directory, Path path)
      throws PluginException, IOException {
    int again = posix.openPath(DumpDirectory.bytes(path.toString()));
    try {
      if (!posix.stat(again).sameObject(posix.stat(directory))) {
        throw missing("its directory was exchanged meanwhile");
      }
    } finally {
      posix.close(again);
    }
  }

  private static PluginException missing(String message) {
    return new PluginException(ReturnCode.PREREQUISITE, message);
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  private static void make(
      Dumps dumps, DumpName name, Path file, Map<String, String> environment, Duration timeout)
      throws InterruptedException {
    long start = System.nanoTime();
    try (SqliteCopy copy = SqliteCopy.of(file, environment, timeout)) {
      dumps.make(
          new Dump(
              name,
              dumps.compression(),
              new SqliteImage(copy.tables()),
              dump -> {
                byte[] buffer = new byte[BUFFER];
                int count;
                while ((count = copy.bytes().read(buffer)) >= 0) {
                  dump.take(buffer, count);
                  if (System.nanoTime() - start > timeout.toNanos()) {
                    return Optional.of(SqliteCopy.overdue(timeout));
                  }
                }
                return Optional.empty();
              }));
    } catch (IOException e) {
      dumps.fail(name, ReturnCode.FAILURE, Printable.of(String.valueOf(e.getMessage())));
    }
  }
}
