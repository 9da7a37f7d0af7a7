package org.deferredsync.catalogue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Every directory that the current state or the history names, by absolute path. A directory keeps
 * its id for ever.
 *
 * <p>Its digest stands for the listing whose rows are all stored; NULL if any of them is not, or is
 * in doubt.
 */
public final class Directories {
  private static final int REMEMBERED = 1_000;

  private final Database database;
  private final Map<FilePath, Long> ids = new LastUsed<>(REMEMBERED);

  Directories(Database database) {
    this.database = database;
  }

  /**
   * One directory.
   *
   * @param digest 32 bytes, or null where the rows have to be read
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Known(long id, FilePath path, byte @Nullable [] digest) {}

  public Optional<Known> find(FilePath path) throws CatalogueException {
    return database.one(
        "SELECT id, digest FROM directory WHERE path = ?",
        row -> new Known(row.getLong(1), path, row.getBytes(2)),
        path.bytes());
  }

  /** All digests as they are now. */
  public DirectoryDigests digests() throws CatalogueException {
    return DirectoryDigests.load(database);
  }

  /** The id of the directory, which is made if it is not known. */
  public long idOf(FilePath path) throws CatalogueException {
    Long remembered = ids.get(path);
    if (remembered != null) {
      return remembered;
    }
    Optional<Known> known = find(path);
    long id =
        known.isPresent()
            ? known.get().id()
            : database.insert("INSERT INTO directory (path) VALUES (?)", path.bytes());
    ids.put(path, id);
    return id;
  }

  /** Forgets the ids that a transaction gave out which was taken back. */
  public void forgetIds() {
    ids.clear();
  }

  /** Whether this directory, or any below it, is known. */
  public boolean isKnownAtOrBelow(FilePath path) throws CatalogueException {
    return database
        .one(
            "SELECT EXISTS (SELECT 1 FROM directory WHERE path = ?1 OR (path > ?2 AND path < ?3))",
            row -> row.getInt(1) != 0,
            path.bytes(),
            after(path, '/'),
            after(path, '0'))
        .orElse(false);
  }

  public FilePath pathOf(long id) throws CatalogueException {
    return database
        .one("SELECT path FROM directory WHERE id = ?", row -> FilePath.of(row.getBytes(1)), id)
        .orElseThrow(() -> database.damaged("no directory " + id));
  }

  /**
   * This directory, if known, and all below it, deepest first: children always before their
   * parents. At most {@code limit} of them, behind {@code last}.
   *
   * @param last the last one of the page before, or null for the first page
   */
  public List<Known> treeDeepestFirst(FilePath top, @Nullable FilePath last, int limit)
      throws CatalogueException {
    return database.list(
        """
        SELECT id, path, digest FROM directory
        WHERE path >= ?1 AND path < ?2 AND (path = ?1 OR path > ?3)
        ORDER BY path DESC LIMIT ?4
        """,
        row -> new Known(row.getLong(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
        top.bytes(),
        last == null ? after(top, '0') : last.bytes(),
        after(top, '/'),
        limit);
  }

  /** Known directories with ids above {@code after}, by id. */
  public List<Known> page(long after, int limit) throws CatalogueException {
    return database.list(
        "SELECT id, path, digest FROM directory WHERE id > ? ORDER BY id LIMIT ?",
        row -> new Known(row.getLong(1), FilePath.of(row.getBytes(2)), row.getBytes(3)),
        after,
        limit);
  }

  /** How many directories are known at and below {@code path}. */
  public long countFrom(FilePath path) throws CatalogueException {
    return database
        .one(
            "SELECT count(*) FROM directory WHERE path = ?1 OR (path > ?2 AND path < ?3)",
            row -> row.getLong(1),
            path.bytes(),
            after(path, '/'),
            after(path, '0'))
        .orElse(0L);
  }

  /** Makes the next run look again at all in the directory that has no content. */
  public void doubt(long id) throws CatalogueException {
    database.update("UPDATE entry SET racy = 1 WHERE directory = ? AND content IS NULL", id);
    setDigest(id, null);
  }

  /** Sets or clears the digest. */
  public void setDigest(long id, byte @Nullable [] digest) throws CatalogueException {
    database.update("UPDATE directory SET digest = ? WHERE id = ?", digest, id);
  }

  /**
   * The bytes before or after which everything below {@code path} sorts: its own with a slash or
   * the next byte.
   */
  static byte[] after(FilePath path, char last) {
    byte[] own = path.isRoot() ? new byte[0] : path.bytes();
    byte[] bound = java.util.Arrays.copyOf(own, own.length + 1);
    bound[own.length] = (byte) last;
    return bound;
  }
}
