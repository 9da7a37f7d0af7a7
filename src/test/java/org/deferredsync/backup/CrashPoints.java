package org.deferredsync.backup;

import java.util.Random;

/**
 * Which points of a long sweep are tried: one in so many, beginning with any, so that runs of the
 * tests take turns. A step of 1 is all of them.
 */
final class CrashPoints {
  static final int STEP = Integer.getInteger("crash.step", 4);

  static final int FIRST = Integer.getInteger("crash.first", 1 + new Random().nextInt(STEP));

  private CrashPoints() {}

  /** Says what has to be given to try the same ones again. */
  static void tell() {
    System.out.printf("crashes: -Dcrash.first=%d -Dcrash.step=%d%n", FIRST, STEP);
  }
}
