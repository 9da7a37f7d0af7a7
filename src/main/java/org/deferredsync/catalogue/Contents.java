package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The files of ours on disk, one row an inode: what their bytes hash to, and where they lie in
 * increments. In the mirror a content lies at each current entry that names it.
 */
public final class Contents {
  private final Database database;
  private final Remotes remotes;

  Contents(Database database, Remotes remotes) {
    this.database = database;
    this.remotes = remotes;
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

  /** The highest id that was ever taken; 0 if none was. Manifests still tell of those forgotten. */
  public long lastId() throws CatalogueException {
    return database
        .one(
            "SELECT max(forgotten_content, coalesce((SELECT max(id) FROM content), 0)) FROM target",
            row -> row.getLong(1))
        .orElse(0L);
  }

  /** Deletes the row of a content, whose id no other will have. */
  static void forget(Database database, long id) throws CatalogueException {
    database.update("DELETE FROM content WHERE id = ?", id);
    database.update("UPDATE target SET forgotten_content = max(forgotten_content, ?)", id);
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

  /** Stores a new content, read at {@code nowNs}, under an id that was never taken. */
  public void add(long id, ContentHash hash, long size, long nowNs) throws CatalogueException {
    database.update(
        "INSERT INTO content (id, sha256, size, verified_ns) VALUES (?, ?, ?, ?)",
        id,
        hash.bytes(),
        size,
        nowNs);
    database.tell(log -> log.stored(id, hash, size));
  }

  public Optional<Content> find(long id) throws CatalogueException {
    return database.one(
        "SELECT id, sha256, size, state FROM content WHERE id = ?", Contents::content, id);
  }

  /** Records what was found when the content was read at {@code nowNs}. */
  public void setState(long id, State state, long nowNs) throws CatalogueException {
    database.update(
        "UPDATE content SET state = ?, verified_ns = ? WHERE id = ?", state.number, nowNs, id);
  }

  /** Takes what was read later than {@code nowNs}, by a clock that was ahead, as never read. */
  public void forgetReadingsAfter(long nowNs) throws CatalogueException {
    database.update("UPDATE content SET verified_ns = 0 WHERE verified_ns > ?", nowNs);
  }

  /**
   * Makes the next run read the content's names again, and store them again if the source has other
   * bytes than a good file of ours.
   */
  public void doubt(long id) throws CatalogueException {
    database.update(
        "UPDATE directory SET digest = NULL"
            + " WHERE id IN (SELECT directory FROM entry WHERE content = ?)",
        id);
    database.update("UPDATE entry SET racy = 1 WHERE content = ?", id);
  }

  /**
   * How much was read last at each time, by time in nanoseconds since 1970. There are few: a run
   * and a verification give one time to all that they read.
   */
  public SortedMap<Long, Total> byVerified() throws CatalogueException {
    SortedMap<Long, Total> times = new TreeMap<>();
    database.each(
        "SELECT verified_ns, size FROM content",
        row ->
            times.merge(
                row.getLong(1),
                new Total(1, row.getLong(2)),
                (one, other) ->
                    new Total(one.contents() + other.contents(), one.bytes() + other.bytes())));
    return times;
  }

  /**
   * Up to {@code limit} contents that were read last from {@code fromNs} to {@code untilNs}, with
   * ids above {@code after}, by id: the pages of a walk over all of them.
   */
  public List<Content> page(long fromNs, long untilNs, long after, int limit)
      throws CatalogueException {
    return database.list(
        "SELECT id, sha256, size, state FROM content"
            + " WHERE id > ? AND verified_ns BETWEEN ? AND ? ORDER BY id LIMIT ?",
        Contents::content,
        after,
        fromNs,
        untilNs,
        limit);
  }

  static Content content(ResultSet row) throws SQLException {
    return new Content(
        row.getLong(1), new ContentHash(row.getBytes(2)), row.getLong(3), State.of(row.getInt(4)));
  }

  /**
   * Other contents with the same bytes, as far as is known, that no snapshot shows together with
   * this one: names of one content are names of one file.
   */
  public List<Content> substitutes(Content of) throws CatalogueException {
    return substitutes(of, 0, Integer.MAX_VALUE);
  }

  /** The same of higher ids than {@code after}, the lowest ones. */
  List<Content> substitutes(Content of, long after, int limit) throws CatalogueException {
    return database.list(
        """
        SELECT id, sha256, size, state FROM content c
        WHERE size = ?1 AND sha256 = ?2 AND id <> ?3 AND state = 0 AND id > ?4
          AND NOT EXISTS (
            SELECT 1 FROM entry_history o JOIN entry_history h ON h.content = c.id
            WHERE o.content = ?3 AND o.since < h.until AND h.since < o.until)
          AND NOT EXISTS (
            SELECT 1 FROM entry_history o JOIN entry e ON e.content = c.id
            WHERE o.content = ?3 AND e.since < o.until)
        ORDER BY id LIMIT ?5
        """,
        Contents::content,
        of.size(),
        of.hash().bytes(),
        of.id(),
        after,
        limit);
  }

  /**
   * Lets past versions of which nothing tells any more where their file lies name one that was
   * found with the same bytes: it has moved there. Within the caller's transaction.
   *
   * @param told the last content that was told of; those that were found have higher ids
   */
  public void findMoved(long told) throws CatalogueException {
    new MovedContents(database, this, told).find();
  }

  /**
   * Lets every past version that names the content name {@code other}, and forgets it. Its files in
   * increments stay as long as the version that was displaced there.
   */
  public void replace(long id, long other) throws CatalogueException {
    database.update("UPDATE entry_history SET content = ? WHERE content = ?", other, id);
    database.update("UPDATE place SET content = NULL WHERE content = ?", id);
    forget(database, id);
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
    database.tell(log -> log.placed(run, path, content, unknown));
    remotes.touch(run, path, true);
  }

  /** Where a content lies in increments. */
  public List<Place> placesOf(long content) throws CatalogueException {
    return database.list(
        "SELECT r.increment, p.path FROM place p JOIN run r ON r.id = p.run WHERE p.content = ?",
        row -> new Place(row.getString(1), FilePath.of(row.getBytes(2))),
        content);
  }

  /**
   * What an increment has at a path.
   *
   * @param content null where it has none, and where it is not what was stored
   * @param unknown whether it is nothing that the catalogue has ever known
   */
  public record Held(@Nullable Long content, boolean unknown) {}

  /** What the row of the increment of the run says of this path, if there is one. */
  public Optional<Held> heldIn(long run, FilePath path) throws CatalogueException {
    return database.one(
        "SELECT content, unknown FROM place WHERE run = ? AND path = ?",
        row -> new Held(Database.longOrNull(row, 1), row.getInt(2) != 0),
        run,
        path.bytes());
  }

  /** Whether the increment of the run has a row for this path. */
  public boolean hasPlace(long run, FilePath path) throws CatalogueException {
    return database
        .one("SELECT 1 FROM place WHERE run = ? AND path = ?", row -> true, run, path.bytes())
        .orElse(false);
  }

  /**
   * Names in the increment of the run of what has no content, behind {@code after}, at most {@code
   * limit}.
   */
  public List<FilePath> placesWithoutContent(long run, @Nullable FilePath after, int limit)
      throws CatalogueException {
    return database.list(
        """
        SELECT path FROM place
        WHERE run = ? AND path > ? AND content IS NULL ORDER BY path LIMIT ?
        """,
        row -> FilePath.of(row.getBytes(1)),
        run,
        after == null ? new byte[0] : after.bytes(),
        limit);
  }

  /** How many names the increment of the run holds. */
  public long placesIn(long run) throws CatalogueException {
    return database
        .one("SELECT count(*) FROM place WHERE run = ?", row -> row.getLong(1), run)
        .orElse(0L);
  }
}
