package org.deferredsync.catalogue;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The digests of all directories that the catalogue knows, 32 bytes a directory in one array and no
 * object for any of them. Immutable once it is loaded, so that several threads may ask.
 *
 * <p>A directory is found by the first half of a half of its path's SHA-256, and 128 bits of its
 * digest are kept. Two paths may share a key by chance: then either is called known where only one
 * is, which costs a look into the catalogue. That a changed directory is called the same takes 128
 * equal bits of two different listings.
 */
public final class DirectoryDigests {
  private static final int SLOT = 3;

  private final long[] slots;
  private final int capacity;
  private int used;

  private DirectoryDigests(long count) {
    this.capacity = Math.toIntExact(count + count / 3 + 1);
    this.slots = new long[Math.multiplyExact(capacity, SLOT)];
  }

  static DirectoryDigests load(Database database) throws CatalogueException {
    long count =
        database.one("SELECT count(*) FROM directory", row -> row.getLong(1)).orElseThrow();
    DirectoryDigests digests = new DirectoryDigests(count);
    Keys keys = new Keys();
    database.each(
        "SELECT path, digest FROM directory",
        row -> {
          byte[] path = row.getBytes(1);
          digests.add(keys.of(path, path.length), row.getBytes(2));
        });
    return digests;
  }

  /** Makes the keys of paths; for one thread. */
  public static final class Keys {
    private final MessageDigest sha = sha256();

    /** The key of the path in the first {@code length} bytes. */
    public long of(byte[] path, int length) {
      sha.update(path, 0, length);
      return ByteBuffer.wrap(sha.digest()).getLong() | 1; // 0 is an empty slot
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("a Java without SHA-256", e);
      }
    }
  }

  private void add(long key, byte @org.jspecify.annotations.Nullable [] digest) {
    if (++used >= capacity) {
      throw new IllegalStateException("more directories than were counted");
    }
    int at = first(key);
    while (slots[at] != 0) {
      at = next(at);
    }
    slots[at] = key;
    if (digest != null) {
      ByteBuffer bytes = ByteBuffer.wrap(digest);
      slots[at + 1] = bytes.getLong();
      slots[at + 2] = bytes.getLong();
    }
  }

  private int first(long key) {
    return (int) (((key >>> 32) * capacity) >>> 32) * SLOT;
  }

  private int next(int at) {
    int after = at + SLOT;
    return after == slots.length ? 0 : after;
  }

  /** Whether the catalogue may know the directory; if not, it surely does not. */
  public boolean isKnown(long key) {
    int at = first(key);
    while (slots[at] != 0 && slots[at] != key) {
      at = next(at);
    }
    return slots[at] == key;
  }

  /** Whether this is the digest that the catalogue has for the directory. */
  public boolean isSame(long key, byte[] digest) {
    ByteBuffer bytes = ByteBuffer.wrap(digest);
    long high = bytes.getLong();
    long low = bytes.getLong();
    for (int at = first(key); slots[at] != 0; at = next(at)) {
      if (slots[at] == key && slots[at + 1] == high && slots[at + 2] == low) {
        return (high | low) != 0; // what has no digest is never the same
      }
    }
    return false;
  }
}
