package org.deferredsync.catalogue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Directories.Known;
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

  /** An increment, by name, in which the catalogue has no file. */
  public record Emptied(long run, String name) {}

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
        WHERE h.until >= ?3 AND h.until <= ?2 AND h.since > ?1
          AND (h.until, h.directory, h.name, h.since) > (?3, ?4, ?5, ?6)
        ORDER BY h.until, h.directory, h.name, h.since
        LIMIT ?7
        """,
        row ->
            new Old(
                row.getLong("directory"),
                FilePath.of(row.getBytes("path")).child(row.getBytes("name")),
                row.getLong("since"),
                row.getLong("until"),
                FileType.ofMode(row.getInt("mode")),
                Database.longOrNull(row, "content")),
        after,
        before,
        last == null ? after + 1 : last.until(), // each page begins where the last one ended
        last == null ? 0L : last.directory(),
        last == null ? new byte[0] : last.path().name(),
        last == null ? 0L : last.since(),
        limit);
  }

  /** Past versions of what a directory held, in order, beginning behind {@code last}. */
  public List<Old> past(Known directory, @Nullable Old last, int limit) throws CatalogueException {
    return database.list(
        """
        SELECT name, since, until, mode, content FROM entry_history
        WHERE directory = ?1 AND (name, since) > (?2, ?3)
        ORDER BY name, since
        LIMIT ?4
        """,
        row ->
            new Old(
                directory.id(),
                directory.path().child(row.getBytes("name")),
                row.getLong("since"),
                row.getLong("until"),
                FileType.ofMode(row.getInt("mode")),
                Database.longOrNull(row, "content")),
        directory.id(),
        last == null ? new byte[0] : last.path().name(),
        last == null ? 0L : last.since(),
        limit);
  }

  /** Increments without a file in them. */
  public List<Emptied> emptyIncrements() throws CatalogueException {
    return database.list(
        """
        SELECT id, increment FROM run
        WHERE increment IS NOT NULL AND NOT EXISTS (SELECT 1 FROM place WHERE run = run.id)
        """,
        row -> new Emptied(row.getLong(1), row.getString(2)));
  }

  /** Deletes the version; answers the files in increments that nothing needs any more. */
  public List<Placed> forget(Old old) throws CatalogueException {
    database.update(
        "DELETE FROM entry_history WHERE directory = ? AND name = ? AND since = ?",
        old.directory(),
        old.path().name(),
        old.since());
    Long content = old.content();
    List<Placed> gone = new ArrayList<>();
    if (content != null && !isNamed(content)) {
      gone.addAll(forgetContent(content));
    }
    if (old.type() != FileType.DIRECTORY) {
      gone.addAll(forgetPlace(old));
    }
    return gone;
  }

  /** What was displaced with the version and has no content: no file, or a damaged one. */
  private List<Placed> forgetPlace(Old old) throws CatalogueException {
    int places =
        database.update(
            "DELETE FROM place WHERE run = ? AND path = ? AND content IS NULL AND unknown = 0",
            old.until(),
            old.path().bytes());
    return places == 0 ? List.of() : List.of(new Placed(old.until(), old.path()));
  }

  /** The names of a content in increments. */
  public List<Placed> placesOf(long content) throws CatalogueException {
    return database.list(
        "SELECT run, path FROM place WHERE content = ?",
        row -> new Placed(row.getLong(1), FilePath.of(row.getBytes(2))),
        content);
  }

  /**
   * Whether the content has one name in the mirror, none elsewhere, and a past version names it.
   */
  public boolean isLastCopyOfPast(long content) throws CatalogueException {
    return database
        .one(
            """
            SELECT EXISTS (SELECT 1 FROM entry_history WHERE content = ?1)
              AND NOT EXISTS (SELECT 1 FROM place WHERE content = ?1)
              AND (SELECT count(*) FROM entry WHERE content = ?1) <= 1
            """,
            row -> row.getInt(1) != 0,
            content)
        .orElse(true);
  }

  /**
   * Deletes a current entry without making it history; answers the files in increments that nothing
   * needs any more.
   */
  public List<Placed> forgetCurrent(long directory, byte[] name, @Nullable Long content)
      throws CatalogueException {
    database.update("DELETE FROM entry WHERE directory = ? AND name = ?", directory, name);
    database.tell(log -> log.forgotten(directory, name));
    return content == null || isNamed(content) ? List.of() : forgetContent(content);
  }

  /** The directories whose rows the version may have been the last to need. */
  public List<Long> directoriesOf(Old old) throws CatalogueException {
    List<Long> ids = new ArrayList<>(List.of(old.directory()));
    if (old.type() == FileType.DIRECTORY) {
      idOf(old.path()).ifPresent(ids::add);
    }
    return ids;
  }

  /**
   * Forgets those of the directories that neither the current state nor the history names, and in
   * which neither names anything.
   */
  public void forgetUnnamed(Collection<Long> directories) throws CatalogueException {
    for (long id : directories) {
      Optional<FilePath> path =
          database.one(
              """
              SELECT path FROM directory d
              WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM entry WHERE directory = ?1)
                AND NOT EXISTS (SELECT 1 FROM entry_history WHERE directory = ?1)
              """,
              row -> FilePath.of(row.getBytes(1)),
              id);
      if (path.isPresent() && !isNamed(path.get())) {
        database.update("DELETE FROM directory WHERE id = ?", id);
      }
    }
  }

  private boolean isNamed(FilePath path) throws CatalogueException {
    FilePath parent = path.parent();
    Optional<Long> directory = parent == null ? Optional.empty() : idOf(parent);
    if (directory.isEmpty()) {
      return path.isRoot();
    }
    return database
        .one(
            """
            SELECT EXISTS (SELECT 1 FROM entry WHERE directory = ?1 AND name = ?2)
              OR EXISTS (SELECT 1 FROM entry_history WHERE directory = ?1 AND name = ?2)
            """,
            row -> row.getInt(1) != 0,
            directory.get(),
            path.name())
        .orElse(true);
  }

  private Optional<Long> idOf(FilePath directory) throws CatalogueException {
    return database.one(
        "SELECT id FROM directory WHERE path = ?", row -> row.getLong(1), directory.bytes());
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
    List<Placed> places = placesOf(content);
    database.update("DELETE FROM place WHERE content = ?", content);
    Contents.forget(database, content);
    return places;
  }
}
