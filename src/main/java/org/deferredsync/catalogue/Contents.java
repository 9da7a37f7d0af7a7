package org.deferredsync.catalogue;

import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The files of ours on disk, one row an inode: what their bytes hash to, and where they lie in
 * increments. In the mirror a content lies at each current entry that names it.
 */
public final class Contents {
  private final Database database;

  Contents(Database database) {
    this.database = database;
  }

  /** What is known of the bytes on disk. */
  public enum State {
    /** As it was when last read. */
    GOOD(0),
    /** No file with these bytes is where it should be. */
    MISSING(1),
    /** The file is there with other bytes. */
    DAMAGED(2);

    private final int number;

    State(int number) {
      this.number = number;
    }

    private static State of(int number) {
      return switch (number) {
        case 0 -> GOOD;
        case 1 -> MISSING;
        default -> DAMAGED;
      };
    }
  }

  /**
   * One content.
   *
   * @param size bytes
   */
  public record Content(long id, ContentHash hash, long size, State state) {}

  /** A name in an increment; {@code increment} is the directory's name. */
  public record Place(String increment, FilePath path) {}

  /** The highest id that is taken; 0 if none is. */
  public long lastId() throws CatalogueException {
    return database.one("SELECT max(id) FROM content", row -> row.getLong(1)).orElse(0L);
  }

  /** How many contents there are, and how many bytes they have. */
  public record Total(long contents, long bytes) {}

  /** Of all contents. */
  public Total total() throws CatalogueException {
    return database
        .one(
            "SELECT count(*), coalesce(sum(size), 0) FROM content",
            row -> new Total(row.getLong(1), row.getLong(2)))
        .orElseThrow();
  }

  /** Stores a new content, read at {@code nowNs}, under an id that is not taken. */
  public void add(long id, ContentHash hash, long size, long nowNs) throws CatalogueException {
    database.update(
        "INSERT INTO content (id, sha256, size, verified_ns) VALUES (?, ?, ?, ?)",
        id,
        hash.bytes(),
        size,
        nowNs);
  }

  public Optional<Content> find(long id) throws CatalogueException {
    return database.one(
        "SELECT sha256, size, state FROM content WHERE id = ?",
        row ->
            new Content(
                id, new ContentHash(row.getBytes(1)), row.getLong(2), State.of(row.getInt(3))),
        id);
  }

  /** Records what was found when the content was read at {@code nowNs}. */
  public void setState(long id, State state, long nowNs) throws CatalogueException {
    database.update(
        "UPDATE content SET state = ?, verified_ns = ? WHERE id = ?", state.number, nowNs, id);
  }

  /**
   * Up to {@code limit} contents with ids above {@code after}, by id: the pages of a walk over all
   * of them.
   */
  public List<Content> page(long after, int limit) throws CatalogueException {
    return database.list(
        "SELECT id, sha256, size, state FROM content WHERE id > ? ORDER BY id LIMIT ?",
        row ->
            new Content(
                row.getLong(1),
                new ContentHash(row.getBytes(2)),
                row.getLong(3),
                State.of(row.getInt(4))),
        after,
        limit);
  }

  /**
   * Records a name in the increment of {@code run}.
   *
   * @param content null for what has no bytes of its own, and for a file that the catalogue did not
   *     know
   * @param unknown whether it is such a file; it is never expired
   */
  public void addPlace(long run, FilePath path, @Nullable Long content, boolean unknown)
      throws CatalogueException {
    database.update(
        "INSERT OR REPLACE INTO place (run, path, content, unknown) VALUES (?, ?, ?, ?)",
        run,
        path.bytes(),
        content,
        unknown);
  }

  /** Where a content lies in increments. */
  public List<Place> placesOf(long content) throws CatalogueException {
    return database.list(
        "SELECT r.increment, p.path FROM place p JOIN run r ON r.id = p.run WHERE p.content = ?",
        row -> new Place(row.getString(1), FilePath.of(row.getBytes(2))),
        content);
  }

  /** Whether the increment of the run has a row for this path. */
  public boolean hasPlace(long run, FilePath path) throws CatalogueException {
    return database
        .one("SELECT 1 FROM place WHERE run = ? AND path = ?", row -> true, run, path.bytes())
        .orElse(false);
  }

  /** How many names the increment of the run holds. */
  public long placesIn(long run) throws CatalogueException {
    return database
        .one("SELECT count(*) FROM place WHERE run = ?", row -> row.getLong(1), run)
        .orElse(0L);
  }
}
