package org.deferredsync.catalogue;

import java.util.List;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** All that the catalogue knows of files, table by table, in pages. */
public final class AllRows {
  private static final String WHOLE =
      """
      SELECT e.directory, d.path, e.name, e.since, %s,
        e.mode, e.uid, e.gid, e.size, e.mtime_ns, e.rdev, e.link_target, e.link_group, e.xattr,
        e.content, e.inconsistent, c.sha256%s
      FROM %s e JOIN directory d ON d.id = e.directory LEFT JOIN content c ON c.id = e.content
      WHERE (e.directory, e.name, e.since) > (?, ?, ?)
      ORDER BY e.directory, e.name, e.since LIMIT ?
      """;

  private static final String CURRENT =
      WHOLE.formatted("0", ", e.ctime_ns, e.inode, e.nlink, e.racy, e.mount_root", "entry");
  private static final String PAST = WHOLE.formatted("e.until", "", "entry_history");
  private static final int HASH = 6 + VersionColumns.COUNT;

  private final Database database;

  AllRows(Database database) {
    this.database = database;
  }

  /**
   * A version of a name.
   *
   * @param until 0 if it is current
   * @param hash of its content, if it has one
   * @param evidence null for a past one
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Row(
      long directory,
      FilePath in,
      byte[] name,
      long since,
      long until,
      Version version,
      byte @Nullable [] hash,
      @Nullable Evidence evidence) {

    /** The current version as an entry. */
    public Entry entry(Evidence known) {
      return new Entry(name, since, version, known);
    }
  }

  /** A name in an increment. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Placed(
      long run,
      FilePath path,
      @Nullable Long content,
      byte @Nullable [] hash,
      long size,
      boolean unknown) {}

  /** The current versions behind {@code last}, or the first ones. */
  public List<Row> current(@Nullable Row last, int limit) throws CatalogueException {
    return rows(CURRENT, true, last, limit);
  }

  /** The past versions behind {@code last}, or the first ones. */
  public List<Row> past(@Nullable Row last, int limit) throws CatalogueException {
    return rows(PAST, false, last, limit);
  }

  private List<Row> rows(String sql, boolean current, @Nullable Row last, int limit)
      throws CatalogueException {
    return database.list(
        sql,
        row ->
            new Row(
                row.getLong(1),
                FilePath.of(row.getBytes(2)),
                row.getBytes(3),
                row.getLong(4),
                row.getLong(5),
                VersionColumns.version(row, 6),
                row.getBytes(HASH),
                current ? VersionColumns.evidence(row, HASH + 1) : null),
        last == null ? 0L : last.directory(),
        last == null ? new byte[0] : last.name(),
        last == null ? 0L : last.since(),
        limit);
  }

  /** The names in increments behind {@code last}, or the first ones. */
  public List<Placed> places(@Nullable Placed last, int limit) throws CatalogueException {
    return database.list(
        """
        SELECT p.run, p.path, p.content, p.unknown, c.sha256, c.size
        FROM place p LEFT JOIN content c ON c.id = p.content
        WHERE (p.run, p.path) > (?, ?) ORDER BY p.run, p.path LIMIT ?
        """,
        row ->
            new Placed(
                row.getLong("run"),
                FilePath.of(row.getBytes("path")),
                Database.longOrNull(row, "content"),
                row.getBytes("sha256"),
                row.getLong("size"),
                row.getInt("unknown") != 0),
        last == null ? 0L : last.run(),
        last == null ? new byte[0] : last.path().bytes(),
        limit);
  }
}
