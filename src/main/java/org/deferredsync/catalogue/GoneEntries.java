package org.deferredsync.catalogue;

import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Every entry that a plan removes, those below removed directories too, to be found by what it was
 * in the source: so that what turns up under another name is known again. Kept out of memory like
 * {@link PlanStore}, and made with the first entry; as long as there is none, asking costs nothing.
 */
public final class GoneEntries implements AutoCloseable {
  /** The number of no planned removal: something else took the place of a directory. */
  public static final long NO_REMOVAL = 0;

  /** So many bits tell most inodes that nobody looks for without asking the database. */
  private static final int BITS = 1 << 20;

  private final long[] sought = new long[BITS / Long.SIZE];
  private @Nullable Database database;

  /** What an entry is in its source: two things of one kind agree in all of it by chance alone. */
  public record Sight(FileType type, long inode, long size, long mtimeNs) {}

  /** An entry that is gone, of the source with this index. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Gone(
      long seq, int source, Directories.Known directory, byte[] name, boolean movable) {
    public FilePath path() {
      return directory.path().child(name);
    }
  }

  /** What the plan has already counted a name as that turns out to be a moved file. */
  public enum Counted {
    ADDED,
    CHANGED,
    METADATA,
    NOTHING
  }

  /** How many files, of so many bytes, moved from one source to another, or within it. */
  public record Moves(int from, int to, Counted counted, long files, long bytes) {}

  /**
   * Notes an entry that goes.
   *
   * @param removal the number of the planned removal that takes it away
   */
  public void add(int source, long removal, Directories.Known directory, Entry row)
      throws CatalogueException {
    Version version = row.version();
    long inode = row.evidence().inode();
    int bit = bit(inode);
    sought[bit / Long.SIZE] |= 1L << bit;
    opened()
        .update(
            """
            INSERT INTO gone (source, removal, directory, path, name, type, inode, size, mtime_ns, movable)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            source,
            removal,
            directory.id(),
            directory.path().bytes(),
            row.name(),
            version.type().name(),
            inode,
            version.size(),
            version.mtimeNs(),
            isMovable(row));
  }

  /** Whether the file of ours may get another name: it has one alone, and its bytes are known. */
  public static boolean isMovable(Entry row) {
    Version version = row.version();
    return version.type() == FileType.FILE
        && version.content() != null
        && !version.inconsistent()
        && row.evidence().nlink() == 1;
  }

  private static int bit(long inode) {
    return (int) ((inode * 0x9E3779B97F4A7C15L) >>> 44);
  }

  /** Whether any entry is gone. */
  public boolean isEmpty() {
    return database == null;
  }

  /** Whether an entry with this inode may be gone; if not, none is. */
  public boolean maySeek(long inode) {
    int bit = bit(inode);
    return (sought[bit / Long.SIZE] & 1L << bit) != 0;
  }

  /** An entry that looked like this and was not met yet. */
  public Optional<Gone> find(Sight sight) throws CatalogueException {
    if (database == null || !maySeek(sight.inode())) {
      return Optional.empty();
    }
    return database.one(
        """
        SELECT seq, source, directory, path, name, movable FROM gone
        WHERE inode = ? AND type = ? AND size = ? AND mtime_ns = ? AND met IS NULL
        ORDER BY seq LIMIT 1
        """,
        GoneEntries::gone,
        sight.inode(),
        sight.type().name(),
        sight.size(),
        sight.mtimeNs());
  }

  /** All files with one name that looked like this, met or not. */
  public List<Gone> files(Sight sight) throws CatalogueException {
    if (database == null || !maySeek(sight.inode())) {
      return List.of();
    }
    return database.list(
        """
        SELECT seq, source, directory, path, name, movable FROM gone
        WHERE inode = ? AND type = ? AND size = ? AND mtime_ns = ? AND movable = 1 ORDER BY seq
        """,
        GoneEntries::gone,
        sight.inode(),
        sight.type().name(),
        sight.size(),
        sight.mtimeNs());
  }

  private static Gone gone(java.sql.ResultSet row) throws java.sql.SQLException {
    return new Gone(
        row.getLong(1),
        row.getInt(2),
        new Directories.Known(row.getLong(3), FilePath.of(row.getBytes(4)), null),
        row.getBytes(5),
        row.getInt(6) != 0);
  }

  /**
   * What is gone was met under another name of the source {@code in}.
   *
   * @param counted as what the plan counts that name, if the file may be moved there, else null
   */
  public void meet(Gone gone, int in, @Nullable Counted counted) throws CatalogueException {
    opened()
        .update(
            "UPDATE gone SET met = ?, counted = ? WHERE seq = ?",
            in,
            counted == null ? null : counted.name(),
            gone.seq());
  }

  /** How many entries that the plan removes from a source were met elsewhere, of whatever type. */
  public long met(int source) throws CatalogueException {
    return database == null
        ? 0
        : database
            .one(
                "SELECT count(*) FROM gone WHERE source = ? AND met IS NOT NULL",
                row -> row.getLong(1),
                source)
            .orElseThrow();
  }

  /** How much of what one planned removal takes away was met elsewhere. */
  public PlanStore.Size metOf(long removal) throws CatalogueException {
    return database == null
        ? new PlanStore.Size(0, 0)
        : database
            .one(
                """
                SELECT count(*), coalesce(sum(size), 0) FROM gone
                WHERE removal = ? AND met IS NOT NULL
                """,
                row -> new PlanStore.Size(row.getLong(1), row.getLong(2)),
                removal)
            .orElseThrow();
  }

  /** The files that can be moved, counted by where from, where to, and what they count as. */
  public List<Moves> moves() throws CatalogueException {
    return database == null
        ? List.of()
        : database.list(
            """
            SELECT source, met, counted, count(*), sum(size) FROM gone
            WHERE counted IS NOT NULL GROUP BY source, met, counted
            """,
            row ->
                new Moves(
                    row.getInt(1),
                    row.getInt(2),
                    Counted.valueOf(row.getString(3)),
                    row.getLong(4),
                    row.getLong(5)));
  }

  private Database opened() throws CatalogueException {
    Database open = database;
    if (open == null) {
      open = Database.temporary();
      open.run(
          """
          PRAGMA journal_mode = OFF;
          PRAGMA synchronous = OFF;
          PRAGMA cache_size = -4096;
          CREATE TABLE gone (
            seq INTEGER PRIMARY KEY,
            source INTEGER NOT NULL,
            removal INTEGER NOT NULL,
            directory INTEGER NOT NULL,
            path BLOB NOT NULL,
            name BLOB NOT NULL,
            type TEXT NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            movable INTEGER NOT NULL,
            met INTEGER,
            counted TEXT
          ) STRICT;
          CREATE INDEX gone_inode ON gone (inode);
          CREATE INDEX gone_removal ON gone (removal);
          BEGIN;
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
