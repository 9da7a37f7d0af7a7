package org.deferredsync.cli;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Times as people and JSON readers get them: local, to the second, with the offset. */
final class Times {
  private static final DateTimeFormatter TEXT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

  private Times() {}

  static String text(Instant instant, ZoneId zone) {
    return TEXT.format(instant.truncatedTo(ChronoUnit.SECONDS).atZone(zone));
  }

  /** A file's time, in nanoseconds since 1970. */
  static Instant ofNanos(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
  }
}
