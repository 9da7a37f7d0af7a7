package org.deferredsync.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Takes versions that no kept run needs out of the history, and tells which files in increments go
 * with them.
 */
public final class Expiry {
  private final Database database;

  Expiry(Database database) {
    this.database = database;
  }

  /** A version in the history. */
  public record Old(
      long directory,
      FilePath path,
      long since,
      long until,
      FileType type,
      @Nullable Long content) {}

  /** A file in the increment of a run. */
  public record Placed(long run, FilePath path) {}

  /**
   * Versions that were there only between two neighbouring kept runs: since {@code after}, until at
   * most {@code before}; in order, beginning behind {@code last}.
   */
  public List<Old> between(long after, long before, @Nullable Old last, int limit)
      throws CatalogueException {
    return database.list(
        """
        SELECT h.directory, h.name, h.since, h.until, h.mode, h.content, d.path
        FROM entry_history h JOIN directory d ON d.id = h.directory
        WHERE h.until > ?1 AND h.until <= ?2 AND h.since > ?1
          AND (h.until, h.directory, h.name, h.since) > (?3, ?4, ?5, ?6)
        ORDER BY h.until, h.directory, h.name, h.since
        LIMIT ?7
        """,
        row ->
            new Old(
                row.getLong("directory"),
                childOf(FilePath.of(row.getBytes("path")), row.getBytes("name")),
                row.getLong("since"),
                row.getLong("until"),
                FileType.ofMode(row.getInt("mode")),
                Database.longOrNull(row, "content")),
        after,
        before,
        last == null ? 0L : last.until(),
        last == null ? 0L : last.directory(),
        last == null ? new byte[0] : nameOf(last.path()),
        last == null ? 0L : last.since(),
        limit);
  }

  private static FilePath childOf(FilePath directory, byte[] name) {
    return name.length == 0 ? directory : directory.child(name);
  }

  private static byte[] nameOf(FilePath path) {
    return path.isRoot() ? new byte[0] : path.name();
  }

  /** Deletes the version; answers the files in increments that nothing needs any more. */
  public List<Placed> forget(Old old) throws CatalogueException {
    database.update(
        "DELETE FROM entry_history WHERE directory = ? AND name = ? AND since = ?",
        old.directory(),
        nameOf(old.path()),
        old.since());
    Long content = old.content();
    if (content != null) {
      return isNamed(content) ? List.of() : forgetContent(content);
    }
    if (old.type() == FileType.DIRECTORY) {
      return List.of();
    }
    int places =
        database.update(
            "DELETE FROM place WHERE run = ? AND path = ? AND content IS NULL AND unknown = 0",
            old.until(),
            old.path().bytes());
    return places == 0 ? List.of() : List.of(new Placed(old.until(), old.path()));
  }

  private boolean isNamed(long content) throws CatalogueException {
    Optional<Boolean> named =
        database.one(
            """
            SELECT EXISTS (SELECT 1 FROM entry WHERE content = ?1)
              OR EXISTS (SELECT 1 FROM entry_history WHERE content = ?1)
            """,
            row -> row.getInt(1) != 0,
            content);
    return named.orElse(true);
  }

  private List<Placed> forgetContent(long content) throws CatalogueException {
    List<Placed> places =
        new ArrayList<>(
            database.list(
                "SELECT run, path FROM place WHERE content = ?",
                row -> new Placed(row.getLong(1), FilePath.of(row.getBytes(2))),
                content));
    database.update("DELETE FROM place WHERE content = ?", content);
    database.update("DELETE FROM content WHERE id = ?", content);
    return places;
  }
}
