package org.deferredsync.backup;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;

/**
 * The digest of a listing: SHA-256 over the directory and its entries in the order of the system,
 * the rules in force and whether the run is root's. Whatever a run compares is in it, so that equal
 * digests need no comparison. Used for one listing after the other, by one thread.
 */
final class ListingDigest {
  private static final byte FORMAT = 2;
  private static final int NUMBERS = 61;

  private final MessageDigest digest = Hashing.sha256();
  private final ByteBuffer collected = ByteBuffer.allocate(16 * 1024);

  /** Begins with an empty listing of the directory. */
  void begin(byte[] filter, boolean root, Stat self) {
    digest.reset();
    collected.clear();
    collected.put(FORMAT).put((byte) (root ? 1 : 0)).putInt(filter.length);
    digest.update(collected.flip());
    digest.update(filter);
    collected.clear();
    collected.putInt(self.mode()).putInt(self.uid()).putInt(self.gid()).putInt(self.nlink());
    collected.putLong(self.size()).putLong(self.mtimeNs()).putLong(self.ctimeNs());
    collected.putLong(self.inode()).putLong(self.rdev()).put((byte) (self.mountRoot() ? 1 : 0));
  }

  void add(StatBuffer entry) {
    int length = entry.nameLength();
    if (collected.remaining() < Integer.BYTES + length + NUMBERS) {
      digest.update(collected.flip());
      collected.clear();
    }
    collected.putInt(length);
    entry.copyName(collected.array(), collected.position());
    collected.position(collected.position() + length);
    collected.putInt(entry.mode()).putInt(entry.uid()).putInt(entry.gid()).putInt(entry.nlink());
    collected.putLong(entry.size()).putLong(entry.mtimeNs()).putLong(entry.ctimeNs());
    collected.putLong(entry.inode()).putLong(entry.rdev());
    collected.put((byte) (entry.mountRoot() ? 1 : 0));
  }

  byte[] value() {
    digest.update(collected.flip());
    return digest.digest();
  }
}
