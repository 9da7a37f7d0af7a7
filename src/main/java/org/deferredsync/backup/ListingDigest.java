package org.deferredsync.backup;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.deferredsync.fs.Stat;

/**
 * The digest of a listing: SHA-256 over the directory and its entries in the order of the system,
 * the rules in force and whether the run is root's. Whatever a run compares is in it, so that equal
 * digests need no comparison.
 */
final class ListingDigest {
  private static final byte FORMAT = 1;

  private final MessageDigest digest = Hashing.sha256();
  private final ByteBuffer numbers = ByteBuffer.allocate(80);

  ListingDigest(byte[] filter, boolean root, Stat directory) {
    digest.update(FORMAT);
    digest.update((byte) (root ? 1 : 0));
    digest.update((byte) filter.length);
    digest.update(filter);
    add(directory);
  }

  void add(byte[] name, Stat stat) {
    numbers.clear().putInt(name.length);
    digest.update(numbers.flip());
    digest.update(name);
    add(stat);
  }

  private void add(Stat stat) {
    numbers
        .clear()
        .putInt(stat.mode())
        .putInt(stat.uid())
        .putInt(stat.gid())
        .putInt(stat.nlink())
        .putLong(stat.size())
        .putLong(stat.mtimeNs())
        .putLong(stat.ctimeNs())
        .putLong(stat.inode())
        .putLong(stat.rdev())
        .put((byte) (stat.mountRoot() ? 1 : 0));
    digest.update(numbers.flip());
  }

  byte[] value() {
    return digest.digest();
  }
}
