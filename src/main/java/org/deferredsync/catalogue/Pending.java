package org.deferredsync.catalogue;

import java.util.List;
import java.util.Locale;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/** The publish operations that are committed and perhaps not yet on disk, in their order. */
public final class Pending {
  private final Database database;
  private final Remotes remotes;

  Pending(Database database, Remotes remotes) {
    this.database = database;
    this.remotes = remotes;
  }

  /** What an operation does to the mirror, or, for the last, to an increment. */
  public enum Kind {
    /** A staged file, link or special file goes to its path. */
    PUT,
    /** A staged directory goes to its path, with the files in it. */
    PUT_DIRECTORY,
    /** The name goes; what it named lies in the increment, or under another name in the mirror. */
    REMOVE,
    /** The directory, empty by then, goes. */
    REMOVE_DIRECTORY,
    /** Owner, mode and time are set as the current entry says. */
    SET,
    /** A name in the run's increment goes, for good. */
    PRUNE
  }

  /**
   * One operation.
   *
   * @param run whose increment it concerns
   * @param staged the name in staging; null for what puts nothing
   * @param displacedInode of the object in the mirror that goes, 0 if nothing was there
   */
  public record Operation(
      long batch,
      long run,
      Kind kind,
      @Nullable String staged,
      FilePath path,
      long displacedInode) {}

  public void add(Operation operation) throws CatalogueException {
    database.update(
        """
        INSERT INTO pending (batch, run, kind, staged, path, displaced_inode)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        operation.batch(),
        operation.run(),
        operation.kind().name().toLowerCase(Locale.ROOT),
        operation.staged(),
        operation.path().bytes(),
        operation.displacedInode());
    remotes.touch(
        operation.kind() == Kind.PRUNE ? operation.run() : 0,
        operation.path(),
        operation.kind() != Kind.SET);
  }

  public List<Operation> list() throws CatalogueException {
    return database.list(
        "SELECT * FROM pending ORDER BY seq",
        row ->
            new Operation(
                row.getLong("batch"),
                row.getLong("run"),
                Kind.valueOf(row.getString("kind").toUpperCase(Locale.ROOT)),
                row.getString("staged"),
                FilePath.of(row.getBytes("path")),
                row.getLong("displaced_inode")));
  }

  /** Those of one batch are done; what another left pending stays so. */
  public void clear(long batch) throws CatalogueException {
    database.update("DELETE FROM pending WHERE batch = ?", batch);
  }

  public void clear() throws CatalogueException {
    database.update("DELETE FROM pending");
  }
}
