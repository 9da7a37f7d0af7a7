package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Directories as a run saw them, page by page, each name with all that a restore needs to know of
 * it: one query for many files. Names come as they are stored; whoever reads them judges them.
 */
public final class Listings {
  private static final String COLUMNS =
      """
      v.name, v.mode, v.uid, v.gid, v.size, v.mtime_ns, v.rdev, v.link_target, v.link_group, v.xattr,
      v.content, v.inconsistent, c.sha256,
      EXISTS (SELECT 1 FROM entry o WHERE o.content = v.content
              AND (o.directory <> v.directory OR o.name <> v.name))
      OR EXISTS (SELECT 1 FROM entry_history o
                 WHERE o.content = v.content AND o.since <= ?2 AND o.until > ?2
                 AND (o.directory <> v.directory OR o.name <> v.name))
      """;

  private static final String PAGE =
      """
      SELECT %1$s, 1 FROM entry v LEFT JOIN content c ON c.id = v.content
      WHERE v.directory = ?1 AND v.since <= ?2 AND v.name %2$s
      UNION ALL
      SELECT %1$s, 0 FROM entry_history v LEFT JOIN content c ON c.id = v.content
      WHERE v.directory = ?1 AND v.since <= ?2 AND v.until > ?2 AND v.name %2$s
      ORDER BY name LIMIT ?3
      """;

  private static final String FIRST = PAGE.formatted(COLUMNS, ">= x''");
  private static final String NEXT = PAGE.formatted(COLUMNS, "> ?4");

  private final Database database;

  Listings(Database database) {
    this.database = database;
  }

  /**
   * A name of a directory at some run.
   *
   * @param name as it is stored, which may be no name at all if somebody changed the catalogue
   * @param sha256 of its content, if it has one
   * @param shared whether the content may have a second name at that run
   * @param current whether it still is the current version, so that the mirror should have it
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Row(
      byte[] name, Version version, byte @Nullable [] sha256, boolean shared, boolean current) {}

  /**
   * Up to {@code limit} names of the directory as the run saw them, by name.
   *
   * @param after the last name of the page before, or null for the first page
   */
  public List<Row> page(long directory, long run, byte @Nullable [] after, int limit)
      throws CatalogueException {
    return after == null
        ? database.list(FIRST, Listings::row, directory, run, limit)
        : database.list(NEXT, Listings::row, directory, run, limit, after);
  }

  private static Row row(ResultSet row) throws SQLException {
    Version version =
        new Version(
            row.getInt(2),
            row.getInt(3),
            row.getInt(4),
            row.getLong(5),
            row.getLong(6),
            row.getLong(7),
            row.getBytes(8),
            Database.longOrNull(row, 9),
            Database.longOrNull(row, 10),
            Database.longOrNull(row, 11),
            row.getInt(12) != 0);
    byte[] name = row.getBytes(1); // null for one of no bytes
    return new Row(
        name == null ? new byte[0] : name,
        version,
        row.getBytes(13),
        row.getInt(14) != 0,
        row.getInt(15) != 0);
  }

  /**
   * A name that a content has, or had.
   *
   * @param directory the path of its directory, as it is stored
   * @param until the run that saw another version, or null for a current one
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Name(byte[] directory, byte[] name, long since, @Nullable Long until) {}

  /** Every name of the content, current and past. */
  public List<Name> namesOf(long content) throws CatalogueException {
    return database.list(
        """
        SELECT d.path, e.name, e.since, NULL FROM entry e JOIN directory d ON d.id = e.directory
        WHERE e.content = ?1
        UNION ALL
        SELECT d.path, h.name, h.since, h.until
        FROM entry_history h JOIN directory d ON d.id = h.directory WHERE h.content = ?1
        """,
        row ->
            new Name(row.getBytes(1), row.getBytes(2), row.getLong(3), Database.longOrNull(row, 4)),
        content);
  }
}
