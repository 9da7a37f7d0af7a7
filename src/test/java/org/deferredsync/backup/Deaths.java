package org.deferredsync.backup;

import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.FaultyPosix;

/** Ends of the process around a commit. */
final class Deaths {
  private Deaths() {}

  /** Dies before the commit with this number is called, the first being 1. */
  static CommitHook beforeCommit(FaultyPosix posix, int number) {
    return new CommitHook() {
      private int commits;

      @Override
      public void before() {
        if (++commits == number) {
          posix.die("before commit " + number);
        }
      }
    };
  }

  /** Dies right behind the commit with this number. */
  static CommitHook afterCommit(FaultyPosix posix, int number) {
    return new CommitHook() {
      private int commits;

      @Override
      public void after() {
        if (++commits == number) {
          posix.die("after commit " + number);
        }
      }
    };
  }
}
