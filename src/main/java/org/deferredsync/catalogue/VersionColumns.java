package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.Version;

/**
 * The columns in which a table has a version and its evidence: their names in the order in which
 * they are read and written.
 */
final class VersionColumns {
  /** The columns that {@link #version} reads. */
  static final String VERSION =
      "mode, uid, gid, size, mtime_ns, rdev, link_target, link_group, xattr, content, inconsistent";

  /** How many these are. */
  static final int COUNT = 11;

  /** The columns that {@link #evidence} reads. */
  static final String EVIDENCE = "ctime_ns, inode, nlink, racy, mount_root";

  private VersionColumns() {}

  /** Reads the columns of {@link #VERSION}, of which the first is the {@code first} of the row. */
  static Version version(ResultSet row, int first) throws SQLException {
    return new Version(
        row.getInt(first),
        row.getInt(first + 1),
        row.getInt(first + 2),
        row.getLong(first + 3),
        row.getLong(first + 4),
        row.getLong(first + 5),
        row.getBytes(first + 6),
        Database.longOrNull(row, first + 7),
        Database.longOrNull(row, first + 8),
        Database.longOrNull(row, first + 9),
        row.getInt(first + 10) != 0);
  }

  /** The same for the columns of {@link #EVIDENCE}. */
  static Evidence evidence(ResultSet row, int first) throws SQLException {
    return new Evidence(
        row.getLong(first),
        row.getLong(first + 1),
        row.getInt(first + 2),
        row.getInt(first + 3) != 0,
        row.getInt(first + 4) != 0);
  }
}
