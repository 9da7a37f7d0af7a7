package org.deferredsync.backup;

import org.deferredsync.fs.Posix;

/**
 * How many files and directories work on a target keeps open at once: with fewer it would meet
 * failures that say nothing of what they happen to.
 */
final class OpenFiles {
  /** A little more than was ever seen. */
  private static final long NEEDED = 256;

  private OpenFiles() {}

  /** Refuses to begin where this process may not open enough. */
  static void require(Posix posix) throws BackupException {
    long limit = posix.openLimit();
    if (limit < NEEDED) {
      throw BackupException.failure(
          "no more than "
              + limit
              + " files may be open at once, and "
              + NEEDED
              + " are needed; raise the limit (ulimit -n); nothing was done");
    }
  }
}
