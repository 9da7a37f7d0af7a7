package org.deferredsync.backup;

import java.io.IOException;
import java.util.Random;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;

/**
 * Room kept in the target for the day when it is full: recovering and deleting what has expired
 * need some, and give back more.
 */
final class Reserve {
  private static final int SIZE = 16 << 20;
  private static final int PIECE = 1 << 20;
  private static final long LITTLE = 4 << 20;
  private static final long PLENTY = 8L * SIZE;
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

  /** Gives the room back if there is next to none. */
  void releaseIfFull() throws IOException {
    if (posix.space(own).freeBytes() < LITTLE) {
      remove(Target.RESERVE);
    }
  }

  /** Makes the reserve where it is missing and there is plenty of room. */
  void keep() throws IOException {
    if (exists() || posix.space(own).freeBytes() < PLENTY) {
      return;
    }
    remove(NEW);
    try {
      write();
    } catch (IOException e) {
      remove(NEW);
      throw e;
    }
    posix.rename(own, NEW, own, Target.RESERVE);
  }

  private void write() throws IOException {
    int file = posix.createFile(own, NEW, 0600);
    try {
      byte[] piece = new byte[PIECE];
      Random noise =
          new Random(SIZE); // a file system that compresses must keep the room all the same
      for (int written = 0; written < SIZE; written += PIECE) {
        noise.nextBytes(piece);
        posix.write(file, piece, 0, PIECE);
      }
      posix.sync(file);
    } finally {
      posix.close(file);
    }
  }

  private boolean exists() throws IOException {
    try {
      posix.stat(own, Target.RESERVE);
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
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
