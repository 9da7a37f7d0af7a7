package org.deferredsync.catalogue;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names of one huge directory in the order of the catalogue, kept out of memory like {@link
 * PlanStore}, and made with the first name.
 */
public final class ListedNames implements AutoCloseable {
  private @Nullable Database database;

  /**
   * One name.
   *
   * @param data what its owner put there
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Name(byte[] name, byte[] data) {}

  /** Forgets all names. */
  public void clear() throws CatalogueException {
    opened().run("DELETE FROM listed");
  }

  /** Adds a name; the last one holds if the system gave it twice. */
  public void add(byte[] name, byte[] data) throws CatalogueException {
    opened().update("INSERT OR REPLACE INTO listed VALUES (?, ?)", name, data);
  }

  private Database opened() throws CatalogueException {
    Database made = database;
    if (made == null) {
      made = Database.temporary();
      database = made;
      made.run(
          """
          PRAGMA journal_mode = OFF;
          PRAGMA synchronous = OFF;
          PRAGMA cache_size = -4096;
          CREATE TABLE listed (
            name BLOB NOT NULL PRIMARY KEY,
            data BLOB NOT NULL
          ) STRICT, WITHOUT ROWID;
          BEGIN;
          """);
    }
    return made;
  }

  /** The next names behind {@code after}, or the first ones, at most {@code limit}. */
  public List<Name> next(byte @Nullable [] after, int limit) throws CatalogueException {
    return opened()
        .list(
            "SELECT name, data FROM listed WHERE name > ? ORDER BY name LIMIT ?",
            row -> new Name(row.getBytes(1), row.getBytes(2)),
            after == null ? new byte[0] : after,
            limit);
  }

  @Override
  public void close() throws CatalogueException {
    if (database != null) {
      database.close();
    }
  }
}
