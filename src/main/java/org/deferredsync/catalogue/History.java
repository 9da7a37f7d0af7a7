package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * All versions of all entries, the current ones too, for those who look: in pages, each a short
 * transaction of its own, so that a run may write between them. What it writes is newer than any
 * run that is asked for here.
 */
public final class History {
  /** The {@code until} of a version that is still current. */
  public static final long OPEN = Long.MAX_VALUE;

  /** How many ids of directories one query looks through. */
  private static final long ID_PAGE = 4096;

  private static final String ROWS =
      """
      SELECT name, since, %1$d AS until, %2$s FROM entry
      WHERE directory = ?1 AND (name, since) > (?2, ?3) AND since <= ?5
        AND (?6 OR since > ?4)
      UNION ALL
      SELECT name, since, until, %2$s FROM entry_history
      WHERE directory = ?1 AND (name, since) > (?2, ?3) AND since <= ?5 AND until > ?4
        AND (?6 OR since > ?4 OR until <= ?5)
      ORDER BY name, since LIMIT ?7
      """
          .formatted(OPEN, VersionColumns.VERSION);

  private final Database database;

  History(Database database) {
    this.database = database;
  }

  /** A version of a name: what the runs from {@code since} until before {@code until} saw. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Dated(byte[] name, long since, long until, Version version) {
    /** Whether the run saw it. */
    public boolean isAt(long run) {
      return since <= run && run < until;
    }
  }

  /**
   * The versions of a directory's names that some run from {@code first} to {@code last} saw.
   *
   * @param unchanged whether those too that all of these runs saw
   */
  public record Range(long directory, long first, long last, boolean unchanged) {}

  /** Where a page ends: the next one begins after it. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Position(byte[] name, long since) {
    /** Before every name. */
    public static final Position START = new Position(new byte[0], 0);
  }

  /**
   * Some versions, by name and then the oldest first.
   *
   * @param end where the next page begins, or null if there is none
   */
  public record Page(List<Dated> versions, @Nullable Position end) {}

  /** The next {@code limit} versions of the range, of which those with a wanted name are kept. */
  public Page page(Range range, Position after, Predicate<byte[]> wanted, int limit)
      throws CatalogueException {
    List<Dated> versions = new ArrayList<>();
    Last last = new Last();
    database.each(
        ROWS,
        row -> {
          byte[] name = row.getBytes(1); // by number: looking columns up costs more than they do
          last.take(name, row.getLong(2));
          if (wanted.test(name)) {
            versions.add(dated(row));
          }
        },
        range.directory(),
        after.name(),
        after.since(),
        range.first(),
        range.last(),
        range.unchanged(),
        limit);
    return new Page(versions, last.count < limit ? null : last.position);
  }

  /** How far a page has come. */
  private static final class Last {
    private int count;
    private @Nullable Position position;

    void take(byte[] name, long since) {
      count++;
      position = new Position(name, since);
    }
  }

  /** Every version of one name, oldest first. */
  public List<Dated> of(long directory, byte[] name) throws CatalogueException {
    return database.list(
        """
        SELECT name, since, %1$d AS until, %2$s FROM entry WHERE directory = ?1 AND name = ?2
        UNION ALL
        SELECT name, since, until, %2$s FROM entry_history WHERE directory = ?1 AND name = ?2
        ORDER BY since
        """
            .formatted(OPEN, VersionColumns.VERSION),
        History::dated,
        directory,
        name);
  }

  private static Dated dated(ResultSet row) throws SQLException {
    return new Dated(
        row.getBytes(1), row.getLong(2), row.getLong(3), VersionColumns.version(row, 4));
  }

  /** A directory whose names are known. */
  public record Directory(long id, FilePath path) {}

  /**
   * The next {@code limit} directories at or below {@code top}, in the order of the bytes of their
   * paths.
   *
   * @param after the last of the page before, or null for the first page
   */
  public List<Directory> directories(FilePath top, @Nullable FilePath after, int limit)
      throws CatalogueException {
    byte[] from = after == null ? top.bytes() : after.bytes();
    return database.list(
        """
        SELECT id, path FROM directory
        WHERE path >= ?1 AND (path > ?1 OR ?2) AND path < ?4 AND (path = ?3 OR path > ?5)
        ORDER BY path LIMIT ?6
        """,
        row -> new Directory(row.getLong(1), FilePath.of(row.getBytes(2))),
        from,
        after == null,
        top.bytes(),
        Directories.after(top, '0'),
        Directories.after(top, '/'),
        limit);
  }

  /**
   * The ids of the directories with a version that only some of the runs from {@code first} to
   * {@code last} saw, and perhaps a few more. Reads each current entry's row below {@code top}, and
   * of the past ones those that ended since.
   */
  public BitSet changedDirectories(FilePath top, long first, long last) throws CatalogueException {
    BitSet changed = new BitSet();
    if (top.isRoot()) {
      addAllChanged(changed, first, last);
      return changed;
    }
    FilePath after = null;
    while (true) {
      List<Directory> page = directories(top, after, (int) ID_PAGE);
      if (page.isEmpty()) {
        return changed;
      }
      after = page.get(page.size() - 1).path();
      addChanged(changed, page.get(0).path(), after, first, last);
    }
  }

  /** Those from one path to another. */
  private void addChanged(BitSet changed, FilePath from, FilePath to, long first, long last)
      throws CatalogueException {
    database.each(
        """
        SELECT d.id FROM directory d WHERE d.path >= ?1 AND d.path <= ?2 AND (
          EXISTS (SELECT 1 FROM entry e
            WHERE e.directory = d.id AND e.since > ?3 AND e.since <= ?4)
          OR EXISTS (SELECT 1 FROM entry_history h
            WHERE h.directory = d.id AND h.until > ?3 AND h.since <= ?4
              AND (h.since > ?3 OR h.until <= ?4)))
        """,
        row -> changed.set(row.getInt(1)),
        from.bytes(),
        to.bytes(),
        first,
        last);
  }

  private void addAllChanged(BitSet changed, long first, long last) throws CatalogueException {
    long highest = most("SELECT max(id) FROM directory");
    for (long id = 0; id <= highest; id += ID_PAGE) {
      database.each(
          """
          SELECT DISTINCT directory FROM entry
          WHERE directory >= ? AND directory < ? AND since > ? AND since <= ?
          """,
          row -> changed.set(row.getInt(1)),
          id,
          id + ID_PAGE,
          first,
          last);
    }
    long newest = most("SELECT max(until) FROM entry_history");
    for (long until = first + 1; until <= newest; until++) {
      database.each(
          """
          SELECT DISTINCT directory FROM entry_history
          WHERE until = ?1 AND since <= ?3 AND (since > ?2 OR ?1 <= ?3)
          """,
          row -> changed.set(row.getInt(1)),
          until,
          first,
          last);
    }
  }

  private long most(String query) throws CatalogueException {
    return database.one(query, row -> row.getLong(1)).orElse(0L);
  }
}
