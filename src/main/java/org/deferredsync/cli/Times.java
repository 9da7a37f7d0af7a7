package org.deferredsync.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.deferredsync.logging.Quantity;

/** Times as people and JSON readers get them: local, to the second, with the offset. */
final class Times {
  private static final DateTimeFormatter TEXT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

  private Times() {}

  static String text(Instant instant, ZoneId zone) {
    return TEXT.format(instant.truncatedTo(ChronoUnit.SECONDS).atZone(zone));
  }

  /** The time, and how long ago it was by the clock. */
  static String dated(Instant instant, Clock clock) {
    return text(instant, clock.getZone()) + ", " + ago(instant, clock.instant());
  }

  private static String ago(Instant instant, Instant now) {
    Duration age = Duration.between(instant, now);
    if (age.isNegative()) {
      return "which the clock says is yet to come";
    }
    if (age.toDays() > 1) {
      return Quantity.of(age.toDays(), "day") + " ago";
    }
    return age.toHours() > 0
        ? Quantity.of(age.toHours(), "hour") + " ago"
        : Quantity.of(age.toMinutes(), "minute") + " ago";
  }

  /** A file's time, in nanoseconds since 1970. */
  static Instant ofNanos(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
  }
}
