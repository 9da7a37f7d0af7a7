package org.deferredsync.catalogue;

import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * What a scan found different, kept out of memory: a private database of SQLite in its own
 * temporary file, which has no name from the start.
 */
public final class PlanStore implements AutoCloseable {
  private final Database database;

  private PlanStore(Database database) {
    this.database = database;
  }

  /** An empty store. */
  public static PlanStore open() throws CatalogueException {
    Database database = Database.open("jdbc:sqlite:");
    database.run(
        """
        PRAGMA journal_mode = OFF;
        PRAGMA synchronous = OFF;
        CREATE TABLE changed (
          seq INTEGER PRIMARY KEY,
          source INTEGER NOT NULL,
          path BLOB NOT NULL UNIQUE,
          digest BLOB
        ) STRICT;
        CREATE TABLE removed (
          seq INTEGER PRIMARY KEY,
          source INTEGER NOT NULL,
          directory BLOB NOT NULL,
          name BLOB NOT NULL,
          UNIQUE (directory, name)
        ) STRICT;
        """);
    return new PlanStore(database);
  }

  /**
   * A directory whose listing is not the one that is stored.
   *
   * @param seq counts up in the order of the scan, parents before children
   */
  public record Changed(long seq, FilePath path) {}

  /** An entry that the listing of its directory lacks. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Removed(long seq, FilePath directory, byte[] name) {}

  public void addChanged(int source, FilePath directory) throws CatalogueException {
    database.update("INSERT INTO changed (source, path) VALUES (?, ?)", source, directory.bytes());
  }

  public void addRemoved(int source, FilePath directory, byte[] name) throws CatalogueException {
    database.update(
        "INSERT INTO removed (source, directory, name) VALUES (?, ?, ?)",
        source,
        directory.bytes(),
        name);
  }

  public boolean isChanged(FilePath directory) throws CatalogueException {
    return database
        .one("SELECT 1 FROM changed WHERE path = ?", row -> true, directory.bytes())
        .orElse(false);
  }

  /** The next changed directories of a source after {@code seq}, at most {@code limit}. */
  public List<Changed> changed(int source, long seq, int limit) throws CatalogueException {
    return database.list(
        "SELECT seq, path FROM changed WHERE source = ? AND seq > ? ORDER BY seq LIMIT ?",
        row -> new Changed(row.getLong(1), FilePath.of(row.getBytes(2))),
        source,
        seq,
        limit);
  }

  /**
   * The next planned removals of a source after {@code seq}, a directory's together, at most {@code
   * limit}.
   */
  public List<Removed> removed(int source, long seq, int limit) throws CatalogueException {
    return database.list(
        "SELECT seq, directory, name FROM removed WHERE source = ? AND seq > ? ORDER BY seq LIMIT ?",
        row -> new Removed(row.getLong(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
        source,
        seq,
        limit);
  }

  /** The names planned to go from one directory. */
  public List<byte[]> removedFrom(FilePath directory) throws CatalogueException {
    return database.list(
        "SELECT name FROM removed WHERE directory = ?", row -> row.getBytes(1), directory.bytes());
  }

  /** Takes a planned removal back: the name is there again. */
  public void keep(FilePath directory, byte[] name) throws CatalogueException {
    database.update(
        "DELETE FROM removed WHERE directory = ? AND name = ?", directory.bytes(), name);
  }

  /**
   * Remembers the digest that the directory gets once its removals are done; null if it gets none.
   */
  public void setDigest(FilePath directory, byte @Nullable [] digest) throws CatalogueException {
    database.update("UPDATE changed SET digest = ? WHERE path = ?", digest, directory.bytes());
  }

  public Optional<byte[]> digest(FilePath directory) throws CatalogueException {
    return database
        .list(
            "SELECT digest FROM changed WHERE path = ? AND digest IS NOT NULL",
            row -> row.getBytes(1),
            directory.bytes())
        .stream()
        .findFirst();
  }

  @Override
  public void close() throws CatalogueException {
    database.close();
  }
}
