package org.deferredsync.catalogue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteException;

/**
 * One connection to SQLite, used by one thread: statements prepared once, parameters always bound.
 *
 * <p>While rows of a statement are being read by {@link #each}, the same statement must not be run
 * again.
 */
final class Database implements AutoCloseable {
  /** What SQLite answers where the file is not what it wrote: SQLITE_CORRUPT, SQLITE_NOTADB. */
  private static final Set<Integer> DAMAGE = Set.of(11, 26);

  private final Connection connection;
  private final String name;
  private final boolean temporary;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private RowLog log = RowLog.NONE;

  private Database(Connection connection, String name, boolean temporary) {
    this.connection = connection;
    this.name = name;
    this.temporary = temporary;
  }

  /**
   * A database of its own that is gone when it is closed; what does not fit into memory is in a
   * file without a name.
   */
  static Database temporary() throws CatalogueException {
    return open("jdbc:sqlite:", "a temporary file in " + temporaryDirectory(System.getenv()), true);
  }

  /** Where SQLite makes its temporary files (sqlite.org/tempfiles.html). */
  static String temporaryDirectory(Map<String, String> environment) {
    for (String key : List.of("SQLITE_TMPDIR", "TMPDIR")) {
      String named = environment.get(key);
      if (named != null && Files.isWritable(Path.of(named))) {
        return named;
      }
    }
    return "/var/tmp";
  }

  /**
   * Opens {@code url}, waiting up to ten seconds wherever somebody else holds a lock.
   *
   * @param name of the file, for people
   */
  static Database open(String url, String name) throws CatalogueException {
    return open(url, name, false);
  }

  private static Database open(String url, String name, boolean temporary)
      throws CatalogueException {
    try {
      Properties properties = new Properties();
      // Else each INSERT is followed by a query for its rowid, asked for or not.
      properties.setProperty("jdbc.get_generated_keys", "false");
      Database database =
          new Database(DriverManager.getConnection(url, properties), name, temporary);
      database.run("PRAGMA busy_timeout = 10000");
      database.run("PRAGMA temp_store = MEMORY");
      return database;
    } catch (SQLException e) {
      throw failure(name, temporary, e);
    }
  }

  /** Reads one row. */
  interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  /** Chooses among rows; may look at files. */
  interface Test<T> {
    boolean passes(T value) throws IOException;
  }

  /** Takes one row. */
  interface RowSink {
    void take(ResultSet row) throws SQLException;
  }

  /** What tells of a change. */
  interface Telling {
    void tell(RowLog log) throws IOException;
  }

  /** Who is told of changes from now on. */
  void setLog(RowLog other) {
    log = other;
  }

  /** Tells of a change that has just been made. */
  void tell(Telling telling) throws CatalogueException {
    try {
      telling.tell(log);
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException e) {
      throw new CatalogueException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Runs statements that take no parameters and give no rows. */
  void run(String sql) throws CatalogueException {
    try (Statement statement = connection.createStatement()) {
      for (String one : sql.split(";\n", -1)) {
        if (!one.isBlank()) {
          statement.execute(one);
        }
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** COMMIT, whose failure says nothing about whether it happened. */
  void commit() throws CommitOutcomeUnknownException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("COMMIT");
    } catch (SQLException e) {
      throw new CommitOutcomeUnknownException(e);
    }
  }

  /** Runs a statement and answers how many rows it changed. */
  int update(String sql, @Nullable Object... parameters) throws CatalogueException {
    try {
      return bound(sql, parameters).executeUpdate();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Inserts one row and answers its rowid. */
  long insert(String sql, @Nullable Object... parameters) throws CatalogueException {
    update(sql, parameters);
    return one("SELECT last_insert_rowid()", row -> row.getLong(1)).orElseThrow();
  }

  <T> List<T> list(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws CatalogueException {
    List<T> rows = new ArrayList<>();
    each(sql, row -> rows.add(mapper.map(row)), parameters);
    return rows;
  }

  <T> Optional<T> one(String sql, RowMapper<T> mapper, @Nullable Object... parameters)
      throws CatalogueException {
    try (ResultSet rows = bound(sql, parameters).executeQuery()) {
      return rows.next() ? Optional.of(mapper.map(rows)) : Optional.empty();
    } catch (SQLException e) {
      throw failure(e);
    } catch (IllegalArgumentException e) {
      throw damaged(e); // no value that was ever stored
    }
  }

  /** The first row that passes; none is mapped after it. */
  <T> Optional<T> first(
      String sql, RowMapper<T> mapper, Test<T> test, @Nullable Object... parameters)
      throws IOException {
    try (ResultSet rows = bound(sql, parameters).executeQuery()) {
      while (rows.next()) {
        T value = mapper.map(rows);
        if (test.passes(value)) {
          return Optional.of(value);
        }
      }
      return Optional.empty();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  void each(String sql, RowSink sink, @Nullable Object... parameters) throws CatalogueException {
    try (ResultSet rows = bound(sql, parameters).executeQuery()) {
      while (rows.next()) {
        sink.take(rows);
      }
    } catch (SQLException e) {
      throw failure(e);
    } catch (IllegalArgumentException e) {
      throw damaged(e); // no value that was ever stored
    }
  }

  @Override
  public void close() throws CatalogueException {
    try {
      for (PreparedStatement statement : statements.values()) {
        statement.close();
      }
      connection.close();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** A column that may be NULL. */
  static @Nullable Long longOrNull(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? null : value;
  }

  /** The same of the column with this number, from 1 on. */
  static @Nullable Long longOrNull(ResultSet row, int column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? null : value;
  }

  private PreparedStatement bound(String sql, @Nullable Object[] parameters) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    for (int i = 0; i < parameters.length; i++) {
      bind(statement, i + 1, parameters[i]);
    }
    return statement;
  }

  private static void bind(PreparedStatement statement, int index, @Nullable Object value)
      throws SQLException {
    if (value instanceof byte[] bytes) {
      statement.setBytes(index, bytes);
    } else if (value instanceof Long number) {
      statement.setLong(index, number);
    } else if (value instanceof Integer number) {
      statement.setInt(index, number);
    } else if (value instanceof Boolean flag) {
      statement.setInt(index, flag ? 1 : 0);
    } else {
      statement.setObject(index, value);
    }
  }

  private CatalogueException failure(SQLException e) {
    return failure(name, temporary, e);
  }

  private static CatalogueException failure(String name, boolean temporary, SQLException e) {
    if (temporary) {
      return new TemporaryStoreException(name + ": " + e.getMessage(), e);
    }
    boolean damaged =
        e instanceof SQLiteException lite && DAMAGE.contains(lite.getResultCode().code & 0xff);
    return damaged
        ? new DamagedCatalogueException(name, String.valueOf(e.getMessage()), e)
        : new CatalogueException(name + ": " + e.getMessage(), e);
  }

  private DamagedCatalogueException damaged(Exception e) {
    return new DamagedCatalogueException(name, String.valueOf(e.getMessage()), e);
  }

  /** What rows say that no run wrote. */
  DamagedCatalogueException damaged(String what) {
    return new DamagedCatalogueException(name, what, null);
  }
}
