package org.deferredsync.backup;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * The time in which a second change may leave the change time as it was: the ticks of file systems
 * are up to two seconds long. What changed within it before a reading is read again by the next
 * run.
 */
final class RacyWindow {
  private static final Duration LENGTH = Duration.ofSeconds(2);

  private RacyWindow() {}

  /**
   * The first change time, in nanoseconds since 1970, that is too young for a reading that begins
   * now.
   */
  static long beginsAt(Clock clock) {
    Instant instant = clock.instant().minus(LENGTH);
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }
}
