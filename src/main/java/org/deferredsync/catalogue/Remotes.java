package org.deferredsync.catalogue;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;

/**
 * What other hosts have of the target. Each change on disk gets a number here, in the transaction
 * that makes it, as long as some host has not acknowledged it; without a host nothing is noted.
 */
public final class Remotes {
  private static final String NUMBER =
      "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'touched'";

  private final Database database;

  Remotes(Database database) {
    this.database = database;
  }

  /**
   * A name on disk that changed.
   *
   * @param run in whose increment; 0 for the mirror
   * @param contents how often another file came there, or none
   */
  public record Touched(long run, FilePath path, int contents) {}

  /** What the numbers belong to: another catalogue, or one made again, counts anew. */
  public String journal() throws CatalogueException {
    return database.one("SELECT id FROM journal", row -> row.getString(1)).orElseThrow();
  }

  /** The number of the last change that was noted. */
  public long last() throws CatalogueException {
    return database.one(NUMBER, row -> row.getLong(1)).orElse(0L);
  }

  /** Notes changes for this host from now on, if it is not known yet. */
  public void register(String remote) throws CatalogueException {
    database.update(
        "INSERT OR IGNORE INTO remote (name, seq, pushed_ns) VALUES (?, ?, 0)", remote, last());
  }

  /** The number up to which a known host has all changes. */
  public Optional<Long> acknowledged(String remote) throws CatalogueException {
    return database.one("SELECT seq FROM remote WHERE name = ?", row -> row.getLong(1), remote);
  }

  /** A host has everything up to the number; what all of them have is noted no longer. */
  public void acknowledge(String remote, long seq, long nowNs) throws CatalogueException {
    database.update("UPDATE remote SET seq = ?, pushed_ns = ? WHERE name = ?", seq, nowNs, remote);
    trim();
  }

  /** Forgets the hosts that are not among these. */
  public void retain(Set<String> remotes) throws CatalogueException {
    for (String known : database.list("SELECT name FROM remote", row -> row.getString(1))) {
      if (!remotes.contains(known)) {
        database.update("DELETE FROM remote WHERE name = ?", known);
      }
    }
    trim();
  }

  private void trim() throws CatalogueException {
    database.update(
        "DELETE FROM touched WHERE seq <= coalesce((SELECT min(seq) FROM remote), ("
            + NUMBER
            + "))");
  }

  /** Notes that something is to be done, or was done, at a path; nothing if nobody follows. */
  void touch(long run, FilePath path, boolean contents) throws CatalogueException {
    database.update(
        "INSERT INTO touched (run, path, contents) SELECT ?, ?, ?"
            + " WHERE EXISTS (SELECT 1 FROM remote)",
        run,
        path.bytes(),
        contents);
  }

  /** Every name that changed behind the number, each once, by run and path. */
  public List<Touched> since(long seq) throws CatalogueException {
    return database.list(
        "SELECT run, path, sum(contents) FROM touched WHERE seq > ? GROUP BY run, path"
            + " ORDER BY run, path",
        row -> new Touched(row.getLong(1), FilePath.of(row.getBytes(2)), row.getInt(3)),
        seq);
  }
}
