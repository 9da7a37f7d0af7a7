package org.deferredsync.backup;

import java.io.IOException;
import java.util.SplittableRandom;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Space;

/**
 * Room kept in the target for the day when it is full: recovering and deleting what has expired
 * need some, and give back more.
 */
final class Reserve {
  private static final int SIZE = 16 << 20;
  private static final long PLENTY = 8;
  private static final int LEAST = 256 << 10;

  /** What SQLite makes beside the catalogue: the write-ahead log and its index. */
  private static final int INODES = 2;

  private static final byte[] NEW = Stager.bytes("reserve.new");

  private final Posix posix;
  private final int own;

  /**
   * @param own a descriptor of our directory in the target
   */
  Reserve(Posix posix, int own) {
    this.posix = posix;
    this.own = own;
  }

  /** Gives the room back if there is next to none; answers how many bytes that is. */
  long releaseIfFull() throws IOException {
    Space space = posix.space(own);
    long size = sizeIfAny();
    if (space.freeBytes() >= size / 4 && space.freeInodes() >= INODES) {
      return 0;
    }
    remove(Target.RESERVE);
    remove(Target.RESERVE_INODE);
    return size;
  }

  /** Makes the reserve where it is missing: 16 MiB, or an eighth of what is free. */
  void keep() throws IOException {
    long eighth = posix.space(own).freeBytes() / PLENTY;
    int size = (int) Math.min(SIZE, eighth - eighth % LEAST);
    if (sizeIfAny() > 0 || size < LEAST) {
      return;
    }
    remove(NEW);
    try {
      write(size);
      posix.rename(own, NEW, own, Target.RESERVE);
    } catch (IOException e) {
      remove(NEW);
      throw e;
    }
    posix.close(posix.openOwn(own, Target.RESERVE_INODE, 0600));
  }

  private void write(int size) throws IOException {
    int file = posix.createFile(own, NEW, 0600);
    try {
      byte[] piece = new byte[LEAST];
      // a file system that compresses must keep the room all the same
      SplittableRandom noise = new SplittableRandom(SIZE);
      for (int written = 0; written < size; written += LEAST) {
        noise.nextBytes(piece);
        posix.write(file, piece, 0, LEAST);
      }
      posix.sync(file);
    } finally {
      posix.close(file);
    }
  }

  private long sizeIfAny() throws IOException {
    try {
      return posix.stat(own, Target.RESERVE).size();
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return 0;
      }
      throw e;
    }
  }

  private void remove(byte[] name) throws IOException {
    try {
      posix.unlink(own, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
  }
}
