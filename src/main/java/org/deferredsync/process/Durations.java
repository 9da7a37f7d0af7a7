package org.deferredsync.process;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Lengths of time as operators write them: {@code 90}, {@code 90s}, {@code 30m}, {@code 24h},
 * {@code 2d}.
 */
public final class Durations {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([smhd]?)");

  private Durations() {}

  /** The length that {@code text} says, a bare number in seconds; empty if it says none. */
  public static Optional<Duration> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long count = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "m" -> Duration.ofMinutes(count);
          case "h" -> Duration.ofHours(count);
          case "d" -> Duration.ofDays(count);
          default -> Duration.ofSeconds(count);
        });
  }

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
