package org.deferredsync.backup;

import org.deferredsync.fs.Posix;

/**
 * How many files and directories work on a target keeps open at once: with fewer it would meet
 * failures that say nothing of what they happen to.
 */
final class OpenFiles {
  /**
   * More than there can be: some 260 staged directories that wait for the writing thread, the 64 of
   * the walk, 48 each of source, mirror and increment, and what a Java runtime has open itself.
   */
  static final long NEEDED = 640;

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
