package org.deferredsync.catalogue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * What a scan found different, kept out of memory: a private database of SQLite, of which what
 * exceeds a few megabytes is in a temporary file of its own. SQLite makes that with mode 0600 in
 * /var/tmp, unless the environment names another directory, and removes its name at once. Used by
 * one thread.
 */
public final class PlanStore implements AutoCloseable {
  private final Database database;
  private final GoneEntries gone = new GoneEntries();

  private PlanStore(Database database) {
    this.database = database;
  }

  /** An empty store. */
  public static PlanStore open() throws CatalogueException {
    Database database = Database.temporary();
    database.run(
        """
        PRAGMA journal_mode = OFF;
        PRAGMA synchronous = OFF;
        PRAGMA cache_size = -4096;
        CREATE TABLE changed (
          key BLOB NOT NULL PRIMARY KEY,
          source INTEGER NOT NULL,
          known INTEGER NOT NULL,
          entries INTEGER NOT NULL,
          bytes INTEGER NOT NULL,
          digest BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE removed (
          seq INTEGER PRIMARY KEY,
          source INTEGER NOT NULL,
          directory BLOB NOT NULL,
          name BLOB NOT NULL,
          UNIQUE (directory, name)
        ) STRICT;
        CREATE TABLE replaced (
          seq INTEGER PRIMARY KEY,
          source INTEGER NOT NULL,
          directory BLOB NOT NULL,
          name BLOB NOT NULL
        ) STRICT;
        CREATE TABLE link (
          device INTEGER NOT NULL,
          inode INTEGER NOT NULL,
          source INTEGER NOT NULL,
          bytes INTEGER NOT NULL,
          PRIMARY KEY (device, inode)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE stored (
          device INTEGER NOT NULL,
          inode INTEGER NOT NULL,
          PRIMARY KEY (device, inode)
        ) STRICT, WITHOUT ROWID;
        BEGIN;
        """);
    return new PlanStore(database);
  }

  /** An entry that the listing of its directory lacks. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Removed(long seq, FilePath directory, byte[] name) {}

  /** How many entries, and how many bytes their files hold. */
  public record Size(long entries, long bytes) {}

  /**
   * Notes a directory whose listing is not the one that is stored. A system may list a name twice;
   * the second time changes nothing.
   *
   * @param known whether the catalogue may know it; if not, {@code entries} and {@code bytes} are
   *     what it holds itself
   */
  public void addChanged(int source, FilePath directory, boolean known, long entries, long bytes)
      throws CatalogueException {
    database.update(
        "INSERT OR IGNORE INTO changed (key, source, known, entries, bytes) VALUES (?, ?, ?, ?, ?)",
        key(directory),
        source,
        known,
        entries,
        bytes);
  }

  /**
   * The path with NUL, which no path has, for its slashes: so a directory is followed by all that
   * is below it, and a name by nothing else that begins with it.
   */
  private static byte[] key(FilePath path) {
    byte[] key = path.bytes();
    exchange(key, (byte) '/', (byte) 0);
    return key;
  }

  private static FilePath path(byte[] key) {
    exchange(key, (byte) 0, (byte) '/');
    return FilePath.of(key);
  }

  private static void exchange(byte[] bytes, byte from, byte to) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == from) {
        bytes[i] = to;
      }
    }
  }

  public void addRemoved(int source, FilePath directory, byte[] name) throws CatalogueException {
    database.update(
        "INSERT INTO removed (source, directory, name) VALUES (?, ?, ?)",
        source,
        directory.bytes(),
        name);
  }

  /** Notes a new name of a file that has several; its bytes count once, whatever its names. */
  public void addLink(int source, long device, long inode, long bytes) throws CatalogueException {
    database.update(
        "INSERT OR IGNORE INTO link (device, inode, source, bytes) VALUES (?, ?, ?, ?)",
        device,
        inode,
        source,
        bytes);
  }

  /** Notes that a file with several names is stored already. */
  public void addStored(long device, long inode) throws CatalogueException {
    database.update("INSERT OR IGNORE INTO stored VALUES (?, ?)", device, inode);
  }

  /** The files with several names of which a source has new ones only. */
  public Size newLinks(int source) throws CatalogueException {
    return database
        .one(
            """
            SELECT count(*), coalesce(sum(bytes), 0) FROM link
            WHERE source = ? AND NOT EXISTS
              (SELECT 1 FROM stored WHERE device = link.device AND inode = link.inode)
            """,
            row -> new Size(row.getLong(1), row.getLong(2)),
            source)
        .orElseThrow();
  }

  public boolean isChanged(FilePath directory) throws CatalogueException {
    return database
        .one("SELECT 1 FROM changed WHERE key = ?", row -> true, key(directory))
        .orElse(false);
  }

  /**
   * The next changed directories of a source behind {@code after}, or the first ones, at most
   * {@code limit}; each is followed by those below it.
   */
  public List<FilePath> changed(int source, @Nullable FilePath after, int limit)
      throws CatalogueException {
    return database.list(
        "SELECT key FROM changed WHERE key > ? AND source = ? ORDER BY key LIMIT ?",
        row -> path(row.getBytes(1)),
        keyOrFirst(after),
        source,
        limit);
  }

  /** Those of them that the catalogue may know. */
  public List<FilePath> changedKnown(int source, @Nullable FilePath after, int limit)
      throws CatalogueException {
    return database.list(
        "SELECT key FROM changed WHERE key > ? AND source = ? AND known = 1 ORDER BY key LIMIT ?",
        row -> path(row.getBytes(1)),
        keyOrFirst(after),
        source,
        limit);
  }

  private static byte[] keyOrFirst(@Nullable FilePath after) {
    return after == null ? new byte[0] : key(after);
  }

  /**
   * How much the changed directories at and below {@code top} hold as far as the catalogue does not
   * know them.
   */
  public Size newBelow(FilePath top) throws CatalogueException {
    byte[] key = key(top);
    byte[] below = top.isRoot() ? key : Arrays.copyOf(key, key.length + 1);
    byte[] after = below.clone();
    after[after.length - 1] = 1;
    return database
        .one(
            """
            SELECT coalesce(sum(entries), 0), coalesce(sum(bytes), 0) FROM changed
            WHERE key = ?1 OR (key > ?2 AND key < ?3)
            """,
            row -> new Size(row.getLong(1), row.getLong(2)),
            key,
            below,
            after)
        .orElseThrow();
  }

  /** Takes a directory back that is not there any more. */
  public void dropChanged(FilePath directory) throws CatalogueException {
    database.update("DELETE FROM changed WHERE key = ?", key(directory));
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

  /** Notes a directory in the place of which is something else, so that all below it goes. */
  public void addReplaced(int source, FilePath directory, byte[] name) throws CatalogueException {
    database.update(
        "INSERT INTO replaced (source, directory, name) VALUES (?, ?, ?)",
        source,
        directory.bytes(),
        name);
  }

  /** The next of them after {@code seq}, at most {@code limit}. */
  public List<Removed> replaced(int source, long seq, int limit) throws CatalogueException {
    return database.list(
        "SELECT seq, directory, name FROM replaced WHERE source = ? AND seq > ? ORDER BY seq LIMIT ?",
        row -> new Removed(row.getLong(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
        source,
        seq,
        limit);
  }

  /** Whether any name is planned to go from the directory. */
  public boolean removesFrom(FilePath directory) throws CatalogueException {
    return database
        .one("SELECT 1 FROM removed WHERE directory = ? LIMIT 1", row -> true, directory.bytes())
        .orElse(false);
  }

  /** Whether this name is planned to go. */
  public boolean isRemoved(FilePath directory, byte[] name) throws CatalogueException {
    return database
        .one(
            "SELECT 1 FROM removed WHERE directory = ? AND name = ?",
            row -> true,
            directory.bytes(),
            name)
        .orElse(false);
  }

  /** What all planned removals take away, as far as somebody looked for it. */
  public GoneEntries gone() {
    return gone;
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
    database.update("UPDATE changed SET digest = ? WHERE key = ?", digest, key(directory));
  }

  public Optional<byte[]> digest(FilePath directory) throws CatalogueException {
    return database
        .list(
            "SELECT digest FROM changed WHERE key = ? AND digest IS NOT NULL",
            row -> row.getBytes(1),
            key(directory))
        .stream()
        .findFirst();
  }

  @Override
  public void close() throws CatalogueException {
    try (gone) {
      database.close();
    }
  }
}
