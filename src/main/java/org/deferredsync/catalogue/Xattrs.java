package org.deferredsync.catalogue;

import java.util.Map;
import java.util.Optional;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The sets of extended attributes that versions name, each stored once. The last used ones are
 * remembered: most files of a tree share a few.
 */
public final class Xattrs {
  private static final int REMEMBERED = 64;

  private final Database database;
  private final Map<Long, ExtendedAttributes> known = new LastUsed<>(REMEMBERED);

  Xattrs(Database database) {
    this.database = database;
  }

  /**
   * The set with this id; none for null.
   *
   * @throws CatalogueException if there is no such set, or it is damaged
   */
  public ExtendedAttributes find(@Nullable Long id) throws CatalogueException {
    if (id == null) {
      return ExtendedAttributes.NONE;
    }
    ExtendedAttributes remembered = known.get(id);
    if (remembered != null) {
      return remembered;
    }
    Optional<byte[]> data =
        database.one("SELECT data FROM xattr WHERE id = ?", row -> row.getBytes(1), id);
    try {
      ExtendedAttributes found =
          ExtendedAttributes.parse(data.orElseThrow(() -> database.damaged("no attributes " + id)));
      known.put(id, found);
      return found;
    } catch (IllegalArgumentException e) {
      throw database.damaged("attributes " + id + ": " + e.getMessage());
    }
  }

  /** The id of the set, which is stored if it is new; null for none. */
  public @Nullable Long idOf(ExtendedAttributes attributes) throws CatalogueException {
    if (attributes.isEmpty()) {
      return null;
    }
    byte[] data = attributes.bytes();
    Optional<Long> id =
        database.one("SELECT id FROM xattr WHERE data = ?", row -> row.getLong(1), data);
    return id.isPresent() ? id.get() : database.insert("INSERT INTO xattr (data) VALUES (?)", data);
  }

  /**
   * Deletes the sets that no version names any more, within the caller's transaction; reads all
   * versions.
   */
  public void forgetUnnamed() throws CatalogueException {
    known.clear(); // a new set may get the id of one that is gone
    database.update(
        """
        DELETE FROM xattr WHERE id NOT IN (
          SELECT xattr FROM entry WHERE xattr IS NOT NULL
          UNION SELECT xattr FROM entry_history WHERE xattr IS NOT NULL)
        """);
  }
}
