package org.deferredsync.catalogue;

import java.util.List;
import org.deferredsync.catalogue.Contents.Content;

/**
 * Contents whose file lies nowhere by the rows of a catalogue that is being rebuilt, beside those
 * that were found on disk: what has the same bytes is where they moved.
 */
final class MovedContents {
  private final Database database;
  private final Contents contents;
  private final long told;

  MovedContents(Database database, Contents contents, long told) {
    this.database = database;
    this.contents = contents;
    this.told = told;
  }

  /** Finds them, within the caller's transaction. */
  void find() throws CatalogueException {
    database.run("CREATE INDEX content_hash ON content (sha256, id)");
    long last = 0;
    for (List<Content> page = unplaced(last); !page.isEmpty(); page = unplaced(last)) {
      for (Content lost : page) {
        last = lost.id();
        List<Content> found = contents.substitutes(lost, told, 1);
        if (found.isEmpty() && letBeginLater(lost)) {
          found = contents.substitutes(lost, told, 1);
        }
        for (Content other : found) {
          contents.replace(lost.id(), other.id());
        }
      }
    }
    database.run("DROP INDEX content_hash");
  }

  /**
   * What was found with the bytes and the time of a file that is gone elsewhere began when that
   * ended, and no earlier; false if there is none.
   */
  private boolean letBeginLater(Content lost) throws CatalogueException {
    return database.update(
            """
            UPDATE entry SET since = (SELECT max(until) FROM entry_history WHERE content = ?1)
            WHERE content = (
              SELECT c.id FROM content c JOIN entry e ON e.content = c.id
              WHERE c.sha256 = ?2 AND c.size = ?3 AND c.id > ?4
                AND e.since < (SELECT max(until) FROM entry_history WHERE content = ?1)
                AND e.mtime_ns = (SELECT mtime_ns FROM entry_history
                  WHERE content = ?1 ORDER BY until DESC LIMIT 1)
                AND (SELECT count(*) FROM entry WHERE content = c.id) = 1
                AND NOT EXISTS (SELECT 1 FROM entry_history WHERE content = c.id)
              ORDER BY c.id LIMIT 1)
            """,
            lost.id(),
            lost.hash().bytes(),
            lost.size(),
            told)
        > 0;
  }

  private List<Content> unplaced(long after) throws CatalogueException {
    return database.list(
        """
        SELECT id, sha256, size, state FROM content c
        WHERE id > ? AND id <= ?
          AND NOT EXISTS (SELECT 1 FROM entry WHERE content = c.id)
          AND NOT EXISTS (SELECT 1 FROM place WHERE content = c.id)
        ORDER BY id LIMIT 1000
        """,
        Contents::content,
        after,
        told);
  }
}
