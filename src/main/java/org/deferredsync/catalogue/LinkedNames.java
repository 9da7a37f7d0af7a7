package org.deferredsync.catalogue;

import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Names of files that have several, put off until all directories of a run are done; and the
 * digests of their directories, which wait for them. Kept out of memory like {@link PlanStore}, and
 * made with the first name.
 */
public final class LinkedNames implements AutoCloseable {
  private @Nullable Database database;

  /** One name, in a directory of the source with this index. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Name(int source, FilePath directory, byte[] name) {}

  /** What the names are names of. Good within one run of the kernel. */
  public record Inode(long device, long inode) {}

  /**
   * A directory whose digest waits.
   *
   * @param digest null if it gets none
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Waiting(long seq, FilePath directory, byte @Nullable [] digest) {}

  /** Puts a name off. */
  public void add(Inode inode, Name name) throws CatalogueException {
    opened()
        .update(
            "INSERT OR IGNORE INTO linked VALUES (?, ?, ?, ?, ?)",
            inode.device(),
            inode.inode(),
            name.source(),
            name.directory().bytes(),
            name.name());
  }

  /** The first inode behind {@code last}, or of all if that is null. */
  public Optional<Inode> next(@Nullable Inode last) throws CatalogueException {
    if (database == null) {
      return Optional.empty();
    }
    return database.one(
        """
        SELECT device, inode FROM linked WHERE (device, inode) > (?, ?)
        ORDER BY device, inode LIMIT 1
        """,
        row -> new Inode(row.getLong(1), row.getLong(2)),
        last == null ? Long.MIN_VALUE : last.device(),
        last == null ? Long.MIN_VALUE : last.inode());
  }

  /** The names put off of one inode. */
  public List<Name> names(Inode inode) throws CatalogueException {
    return opened()
        .list(
            """
            SELECT source, directory, name FROM linked WHERE device = ? AND inode = ?
            ORDER BY source, directory, name
            """,
            row -> new Name(row.getInt(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
            inode.device(),
            inode.inode());
  }

  /** Remembers the digest that a directory gets once its names are done; null if none. */
  public void setDigest(FilePath directory, byte @Nullable [] digest) throws CatalogueException {
    opened()
        .update(
            "INSERT OR IGNORE INTO waiting (directory, digest) VALUES (?, ?)",
            directory.bytes(),
            digest);
  }

  /** A name of the directory could not be stored as it was listed. */
  public void doubt(FilePath directory) throws CatalogueException {
    opened().update("UPDATE waiting SET digest = NULL WHERE directory = ?", directory.bytes());
  }

  /** The next directories behind {@code seq}, at most {@code limit}. */
  public List<Waiting> waiting(long seq, int limit) throws CatalogueException {
    return opened()
        .list(
            "SELECT seq, directory, digest FROM waiting WHERE seq > ? ORDER BY seq LIMIT ?",
            row -> new Waiting(row.getLong(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
            seq,
            limit);
  }

  private Database opened() throws CatalogueException {
    Database open = database;
    if (open == null) {
      open = Database.temporary();
      open.run(
          """
          PRAGMA journal_mode = OFF;
          PRAGMA synchronous = OFF;
          CREATE TABLE linked (
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            source INTEGER NOT NULL,
            directory BLOB NOT NULL,
            name BLOB NOT NULL,
            PRIMARY KEY (device, inode, source, directory, name)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE waiting (
            seq INTEGER PRIMARY KEY,
            directory BLOB NOT NULL UNIQUE,
            digest BLOB
          ) STRICT;
          """);
      database = open;
    }
    return open;
  }

  @Override
  public void close() throws CatalogueException {
    if (database != null) {
      database.close();
    }
  }
}
