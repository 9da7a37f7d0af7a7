package org.deferredsync.catalogue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * A checkpoint of somebody else that waits for a reader, from {@link #begin} until it is closed:
 * SQLite lets neither a second one nor a writer begin meanwhile, and does not wait for the first.
 */
public final class ForeignCheckpoint implements AutoCloseable {
  private final Connection reading;
  private final Connection waiting;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final CompletableFuture<Boolean> done;

  private ForeignCheckpoint(String url) throws SQLException {
    reading = DriverManager.getConnection(url);
    waiting = DriverManager.getConnection(url);
    execute(waiting, "PRAGMA busy_timeout = 600000");
    execute(waiting, "UPDATE target SET checked_ns = checked_ns + 1"); // for it to have work
    execute(reading, "BEGIN");
    isBusy(reading, "SELECT 0 FROM target");
    done = CompletableFuture.supplyAsync(this::checkpoint, thread);
  }

  private boolean checkpoint() {
    try {
      return isBusy(waiting, "PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }

  /** Begins one, and returns when it keeps every other one from beginning. */
  public static ForeignCheckpoint begin(Path file) throws SQLException {
    String url = "jdbc:sqlite:" + file;
    ForeignCheckpoint begun = new ForeignCheckpoint(url);
    try (Connection asking = DriverManager.getConnection(url)) {
      execute(asking, "PRAGMA busy_timeout = 0");
      while (mayWrite(asking)) {
        if (begun.done.isDone()) {
          throw new AssertionError("it did not wait, and ended " + begun.done);
        }
      }
    }
    return begun;
  }

  private static boolean mayWrite(Connection asking) throws SQLException {
    try {
      execute(asking, "BEGIN IMMEDIATE");
    } catch (SQLiteException e) {
      if (e.getResultCode() == SQLiteErrorCode.SQLITE_BUSY) {
        return false;
      }
      throw e;
    }
    execute(asking, "ROLLBACK");
    return true;
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Whether the first column of the first row is 1. */
  private static boolean isBusy(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.next() && row.getInt(1) == 1;
    }
  }

  /** Lets the reader go, and the checkpoint end. */
  @Override
  public void close() throws SQLException {
    reading.close();
    done.join();
    waiting.close();
    thread.shutdown();
  }
}
