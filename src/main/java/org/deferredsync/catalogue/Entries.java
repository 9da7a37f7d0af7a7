package org.deferredsync.catalogue;

import static org.deferredsync.catalogue.VersionColumns.EVIDENCE;
import static org.deferredsync.catalogue.VersionColumns.VERSION;
import static org.deferredsync.catalogue.VersionColumns.evidence;
import static org.deferredsync.catalogue.VersionColumns.version;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * The current state: one row a name, and the versions that it had before. A version is what the
 * runs from {@code since} on saw, until the run {@code until} saw another.
 */
public final class Entries {
  private static final String CURRENT =
      "SELECT name, since, " + VERSION + ", " + EVIDENCE + " FROM entry WHERE directory = ?";

  private final Database database;

  Entries(Database database) {
    this.database = database;
  }

  /** The current entry of this name. */
  public Optional<Entry> find(long directory, byte[] name) throws CatalogueException {
    return database.one(CURRENT + " AND name = ?", Entries::entry, directory, name);
  }

  /** The current entry at this path; none for the root. */
  public Optional<Entry> find(FilePath path) throws CatalogueException {
    FilePath parent = path.parent();
    if (parent == null) {
      return Optional.empty();
    }
    Optional<Long> directory =
        database.one(
            "SELECT id FROM directory WHERE path = ?", row -> row.getLong(1), parent.bytes());
    return directory.isEmpty() ? Optional.empty() : find(directory.get(), path.name());
  }

  /** All current entries of a directory, by name. */
  public List<Entry> list(long directory) throws CatalogueException {
    return database.list(CURRENT + " ORDER BY name", Entries::entry, directory);
  }

  /**
   * The current entries of a directory whose names follow {@code after}, or the first ones, at most
   * {@code limit}.
   */
  public List<Entry> listAfter(long directory, byte @Nullable [] after, int limit)
      throws CatalogueException {
    return database.list(
        CURRENT + " AND name > ? ORDER BY name LIMIT ?",
        Entries::entry,
        directory,
        after == null ? new byte[0] : after,
        limit);
  }

  /** The names of a directory as the run saw them, by name. */
  public List<Named> listAt(long directory, long run) throws CatalogueException {
    return database.list(
        """
        SELECT name, %1$s FROM entry WHERE directory = ?1 AND since <= ?2
        UNION ALL
        SELECT name, %1$s FROM entry_history WHERE directory = ?1 AND since <= ?2 AND until > ?2
        ORDER BY name
        """
            .formatted(VERSION),
        row -> new Named(row.getBytes(1), version(row, 2)),
        directory,
        run);
  }

  /** One name of a directory as the run saw it. */
  public Optional<Version> findAt(long directory, byte[] name, long run) throws CatalogueException {
    return database.one(
        """
        SELECT %1$s FROM entry WHERE directory = ?1 AND name = ?3 AND since <= ?2
        UNION ALL
        SELECT %1$s FROM entry_history
        WHERE directory = ?1 AND name = ?3 AND since <= ?2 AND until > ?2
        """
            .formatted(VERSION),
        row -> version(row, 1),
        directory,
        run,
        name);
  }

  /** A name and its version at some run. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Named(byte[] name, Version version) {}

  /** Stores a name that is not there. */
  public void add(long directory, Entry entry) throws CatalogueException {
    Version v = entry.version();
    Evidence e = entry.evidence();
    database.update(
        "INSERT INTO entry (directory, name, since, "
            + VERSION
            + ", "
            + EVIDENCE
            + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        directory,
        entry.name(),
        entry.since(),
        v.mode(),
        v.uid(),
        v.gid(),
        v.size(),
        v.mtimeNs(),
        v.rdev(),
        v.linkTarget(),
        v.linkGroup(),
        v.xattr(),
        v.content(),
        v.inconsistent(),
        e.ctimeNs(),
        e.inode(),
        e.nlink(),
        e.racy(),
        e.mountRoot());
    database.tell(log -> log.added(directory, entry));
  }

  /**
   * Ends the current version at {@code run}: it becomes history, unless the same run had stored it.
   */
  public void end(long directory, byte[] name, long run) throws CatalogueException {
    database.update(
        "INSERT INTO entry_history (directory, name, since, until, "
            + VERSION
            + ") SELECT directory, name, since, ?1, "
            + VERSION
            + " FROM entry WHERE directory = ?2 AND name = ?3 AND since < ?1",
        run,
        directory,
        name);
    database.update("DELETE FROM entry WHERE directory = ? AND name = ?", directory, name);
    database.tell(log -> log.ended(directory, name, run));
  }

  /** Stores a past version, in place of one of the same beginning. */
  public void addPast(long directory, byte[] name, long since, long until, Version v)
      throws CatalogueException {
    database.update(
        "INSERT OR REPLACE INTO entry_history (directory, name, since, until, "
            + VERSION
            + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        directory,
        name,
        since,
        until,
        v.mode(),
        v.uid(),
        v.gid(),
        v.size(),
        v.mtimeNs(),
        v.rdev(),
        v.linkTarget(),
        v.linkGroup(),
        v.xattr(),
        v.content(),
        v.inconsistent());
  }

  /** Replaces what is only evidence; no new version. */
  public void setEvidence(long directory, byte[] name, Evidence e) throws CatalogueException {
    database.update(
        """
        UPDATE entry SET ctime_ns = ?, inode = ?, nlink = ?, racy = ?, mount_root = ?
        WHERE directory = ? AND name = ?
        """,
        e.ctimeNs(),
        e.inode(),
        e.nlink(),
        e.racy(),
        e.mountRoot(),
        directory,
        name);
    database.tell(log -> log.seen(directory, name, e));
  }

  /** The bytes of all files that this directory and those below it have. */
  public long bytesBelow(FilePath top) throws CatalogueException {
    return database
        .one(
            """
            SELECT coalesce(sum(size), 0) FROM entry WHERE directory IN
              (SELECT id FROM directory WHERE path = ?1 OR (path > ?2 AND path < ?3))
            """,
            row -> row.getLong(1),
            top.bytes(),
            Directories.after(top, '/'),
            Directories.after(top, '0'))
        .orElse(0L);
  }

  /** How many entries this directory and all below it have. */
  public long countBelow(FilePath top) throws CatalogueException {
    return database
        .one(
            """
            SELECT count(*) FROM entry WHERE directory IN
              (SELECT id FROM directory WHERE path = ?1 OR (path > ?2 AND path < ?3))
            """,
            row -> row.getLong(1),
            top.bytes(),
            Directories.after(top, '/'),
            Directories.after(top, '0'))
        .orElse(0L);
  }

  /** Every directory that was a mount when it was stored. */
  public List<FilePath> mountRoots() throws CatalogueException {
    return database.list(
        """
        SELECT d.path, e.name FROM entry e JOIN directory d ON d.id = e.directory
        WHERE e.mount_root = 1 ORDER BY d.path, e.name
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)));
  }

  /** Chooses a path. */
  public interface PathTest {
    boolean passes(FilePath path) throws IOException;
  }

  /** The first current name of this content that passes. */
  public Optional<FilePath> pathOf(long content, PathTest test) throws IOException {
    return database.first(
        """
        SELECT d.path, e.name FROM entry e JOIN directory d ON d.id = e.directory
        WHERE e.content = ?
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)),
        test::passes,
        content);
  }

  /** The first current name of this group of links that passes. */
  public Optional<FilePath> pathOfGroup(long group, PathTest test) throws IOException {
    return database.first(
        """
        SELECT d.path, e.name FROM entry e JOIN directory d ON d.id = e.directory
        WHERE e.link_group = ?
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)),
        test::passes,
        group);
  }

  /** Names that were one of several of this inode when they were stored, of any device. */
  public List<FilePath> linkedAt(long inode) throws CatalogueException {
    return database.list(
        """
        SELECT d.path, e.name FROM entry e JOIN directory d ON d.id = e.directory
        WHERE e.inode = ? AND e.nlink > 1 AND (e.content IS NOT NULL OR e.link_group IS NOT NULL)
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)),
        inode);
  }

  /** Where the current state names this content. */
  public List<FilePath> pathsOf(long content) throws CatalogueException {
    return database.list(
        """
        SELECT d.path, e.name FROM entry e JOIN directory d ON d.id = e.directory WHERE e.content = ?
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)),
        content);
  }

  /** Where the history names this content, first where it was first. */
  public List<FilePath> formerPathsOf(long content) throws CatalogueException {
    return database.list(
        """
        SELECT d.path, h.name
        FROM entry_history h JOIN directory d ON d.id = h.directory WHERE h.content = ?
        GROUP BY d.path, h.name ORDER BY min(h.since)
        """,
        row -> FilePath.of(row.getBytes(1)).child(row.getBytes(2)),
        content);
  }

  private static Entry entry(ResultSet row) throws SQLException {
    int evidence = 3 + VersionColumns.COUNT;
    return new Entry(row.getBytes(1), row.getLong(2), version(row, 3), evidence(row, evidence));
  }
}
