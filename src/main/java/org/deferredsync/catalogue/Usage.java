package org.deferredsync.catalogue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.deferredsync.snapshot.FilePath;

/**
 * How many bytes are stored, and where. A file of the mirror counts as the mirror's, also where an
 * increment has another name of it.
 */
public final class Usage {
  private static final String HISTORY_ALONE =
      "SELECT coalesce(sum(size), 0) FROM content c"
          + " WHERE NOT EXISTS (SELECT 1 FROM entry WHERE content = c.id) AND id IN ";

  private final Database database;

  Usage(Database database) {
    this.database = database;
  }

  /**
   * Of all files of ours.
   *
   * @param bytes as they would be read, not as the disk stores them
   * @param damaged how many are known to be damaged or missing
   * @param readNs the time since which each of them was read, in nanoseconds since 1970; 0 if there
   *     is none
   */
  public record Stored(long bytes, long damaged, long readNs) {}

  /** Of all files of ours; reads all rows of one narrow table. */
  public Stored stored() throws CatalogueException {
    return database
        .one(
            """
            SELECT coalesce(sum(size), 0), coalesce(sum(state <> 0), 0),
              coalesce(min(verified_ns), 0)
            FROM content
            """,
            row -> new Stored(row.getLong(1), row.getLong(2), row.getLong(3)))
        .orElseThrow();
  }

  /** Bytes of all increments. */
  public long history() throws CatalogueException {
    return database
        .one(
            HISTORY_ALONE + "(SELECT content FROM place WHERE content IS NOT NULL)",
            row -> row.getLong(1))
        .orElse(0L);
  }

  /**
   * Bytes of all increments that were displaced at {@code top} or below it, but not at one of
   * {@code inner} or below.
   */
  public long history(FilePath top, Collection<FilePath> inner) throws CatalogueException {
    StringBuilder places =
        new StringBuilder(
            """
            (SELECT p.content FROM run r CROSS JOIN place p ON p.run = r.id
             WHERE p.path >= ?1 AND p.path < ?3 AND (p.path = ?1 OR p.path > ?2)
               AND p.content IS NOT NULL
            """);
    List<Object> parameters = new ArrayList<>(range(top));
    for (FilePath other : inner) {
      places.append(" AND NOT (p.path = ? OR p.path > ? AND p.path < ?)");
      parameters.addAll(range(other));
    }
    return database
        .one(HISTORY_ALONE + places.append(')'), row -> row.getLong(1), parameters.toArray())
        .orElse(0L);
  }

  /** The path itself, and what everything below it lies between. */
  private static List<byte[]> range(FilePath top) {
    return List.of(top.bytes(), Directories.after(top, '/'), Directories.after(top, '0'));
  }
}
