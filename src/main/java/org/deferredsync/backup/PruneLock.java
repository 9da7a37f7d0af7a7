package org.deferredsync.backup;

import java.io.IOException;
import java.util.Optional;
import org.deferredsync.fs.Posix;

/** The readers' lock held exclusively: nobody reads the target while files in it are deleted. */
final class PruneLock {
  private final Posix posix;
  private final int file;

  private PruneLock(Posix posix, int file) {
    this.posix = posix;
    this.file = file;
  }

  /** Takes it, or answers nothing while somebody reads. Never waits. */
  static Optional<PruneLock> tryTake(Posix posix, Target target) throws IOException {
    int file = posix.openOwn(target.own(), Target.LOCK, 0600);
    boolean taken = false;
    try {
      taken = posix.lock(file, Target.READER_LOCK, true);
    } finally {
      if (!taken) {
        posix.close(file);
      }
    }
    return taken ? Optional.of(new PruneLock(posix, file)) : Optional.empty();
  }

  /** Gives it back. */
  void close() throws IOException {
    try {
      posix.unlock(file, Target.READER_LOCK); // for the reason that LockFile has
    } finally {
      posix.close(file);
    }
  }
}
