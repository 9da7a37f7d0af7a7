package org.deferredsync.process;

import java.time.Duration;

/**
 * Lengths of time as operators write them: {@code 90}, {@code 90s}, {@code 30m}, {@code 24h},
 * {@code 2d}.
 */
public final class Durations {
  private Durations() {}

  /** The length in its largest whole unit, or in tenths of a second below a minute. */
  public static String format(Duration length) {
    long seconds = length.toSeconds();
    if (seconds < 60) {
      long tenths = Math.max(0, length.toMillis() + 50) / 100;
      return tenths % 10 == 0 ? tenths / 10 + "s" : tenths / 10 + "." + tenths % 10 + "s";
    } else if (seconds % 3600 == 0) {
      return seconds / 3600 + "h";
    } else if (seconds >= 3600) {
      return seconds / 3600 + "h" + seconds % 3600 / 60 + "m";
    }
    return seconds % 60 == 0 ? seconds / 60 + "m" : seconds / 60 + "m" + seconds % 60 + "s";
  }
}
