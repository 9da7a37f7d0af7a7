package org.deferredsync.plugin.dump;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.deferredsync.fs.Posix;
import org.deferredsync.process.Durations;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteErrorCode;

/**
 * A live database copied by SQLite's online backup (sqlite.org/backup.html), where SQLite has its
 * temporary files: a file that only we can reach while it has a name, and that has none any more
 * while it is read. The database is opened to read alone, so nothing of it is changed, whoever owns
 * it, and copied in one step: who writes to it waits for the copying, not for the compression.
 */
final class SqliteCopy implements Closeable {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int PAUSE_MILLIS = 100;
  private static final int ALL_PAGES = -1;
  private static final int SQLITE_FULL = 13;

  /** SQLITE_OPEN_READONLY, _URI and _NOFOLLOW. */
  private static final int READ_NO_LINKS = 0x1 | 0x40 | 0x1000000;

  private final Map<String, Long> tables;
  private final InputStream bytes;

  private SqliteCopy(Map<String, Long> tables, InputStream bytes) {
    this.tables = tables;
    this.bytes = bytes;
  }

  /**
   * Copies the database. Nothing can make SQLite end its copying: past the limit it is left to
   * itself, and its copy is removed when it ends, or by the next one.
   *
   * @param database a path without links
   * @throws IOException if SQLite cannot read it, with SQLite's words, or takes too long
   */
  static SqliteCopy of(Path database, Map<String, String> environment, Duration limit)
      throws IOException, InterruptedException {
    CompletableFuture<SqliteCopy> copy = new CompletableFuture<>();
    Thread thread = new Thread(() -> copy(database, environment, copy), "copy of " + database);
    thread.setDaemon(true);
    thread.start();
    try {
      return copy.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      copy.cancel(false);
      throw new IOException(overdue(limit), e);
    } catch (InterruptedException e) {
      copy.cancel(false);
      throw e;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(String.valueOf(cause.getMessage()), e);
    }
  }

  static String overdue(Duration limit) {
    return "it took longer than " + Durations.format(limit) + " and was given up";
  }

  private static void copy(
      Path database, Map<String, String> environment, CompletableFuture<SqliteCopy> result) {
    try {
      SqliteCopy copy = of(database, environment);
      if (!result.complete(copy)) {
        copy.close();
      }
    } catch (IOException | RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  private static SqliteCopy of(Path database, Map<String, String> environment) throws IOException {
    Path parent = temporary(environment);
    try (Workplace place =
        Workplace.in(Posix.ofSystem(), parent, "deferred-sync-sqlite-", left -> {})) {
      Path file = place.path().resolve("copy");
      copy(database, file);
      return new SqliteCopy(count(file), Files.newInputStream(file));
    } catch (SQLException e) {
      boolean full = e.getErrorCode() == SQLITE_FULL;
      throw new IOException(full ? "no room for a copy in " + parent : e.getMessage(), e);
    }
  }

  private static void copy(Path database, Path file) throws SQLException {
    try (Connection connection = open(database, "mode=ro&open_mode=" + READ_NO_LINKS)) {
      int result =
          ((SQLiteConnection) connection)
              .getDatabase()
              .backup(
                  "main",
                  file.toString(),
                  (remaining, pages) -> {},
                  PAUSE_MILLIS,
                  PATIENCE_MILLIS / PAUSE_MILLIS,
                  ALL_PAGES);
      if (result != SQLiteErrorCode.SQLITE_OK.code) {
        throw new SQLException(
            String.valueOf(SQLiteErrorCode.getErrorCode(result)), "", result & 0xff);
      }
    }
  }

  /** As SQLite looks for it (sqlite.org/tempfiles.html). */
  private static Path temporary(Map<String, String> environment) {
    for (String key : List.of("SQLITE_TMPDIR", "TMPDIR")) {
      String named = environment.getOrDefault(key, "");
      if (named.startsWith("/") && Files.isWritable(Path.of(named))) {
        return Path.of(named);
      }
    }
    return Path.of("/var/tmp");
  }

  private static Connection open(Path file, String how) throws SQLException {
    StringBuilder uri = new StringBuilder("jdbc:sqlite:file:");
    for (byte b : DumpDirectory.bytes(file.toString())) {
      boolean plain = b == '/' || b == '.' || b == '-' || b == '_' || Character.isLetterOrDigit(b);
      uri.append(plain && b > 0 ? String.valueOf((char) b) : String.format("%%%02X", b));
    }
    Connection connection = DriverManager.getConnection(uri + "?" + how);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = " + PATIENCE_MILLIS);
      statement.execute("PRAGMA trusted_schema = OFF");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private static Map<String, Long> count(Path file) throws SQLException {
    Map<String, Long> tables = new TreeMap<>();
    try (Connection connection = open(file, "immutable=1");
        Statement statement = connection.createStatement()) {
      List<String> names = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery(SqliteTables.LIST)) {
        while (rows.next()) {
          names.add(rows.getString(1));
        }
      }
      for (String name : names) {
        try (ResultSet rows = statement.executeQuery(SqliteTables.count(name))) {
          tables.put(name, rows.getLong(1));
        }
      }
    }
    return tables;
  }

  /** How many rows each table has. */
  Map<String, Long> tables() {
    return tables;
  }

  /** Its bytes, to be read once. */
  InputStream bytes() {
    return bytes;
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
