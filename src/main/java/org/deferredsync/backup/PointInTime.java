package org.deferredsync.backup;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.snapshot.Run;

/**
 * What an operator gives for {@code --at}: {@code latest}, the id of a snapshot, a time ago such as
 * {@code 3d} or {@code 12h}, or a date or date and time, local unless an offset follows. It means
 * the end of the day, minute or second that it names, so that the time by which a snapshot is shown
 * selects it. A time that the clock showed twice is taken as the earlier of the two, one that it
 * skipped as the moment after the gap.
 */
public final class PointInTime {
  private static final Pattern ID = Pattern.compile("[0-9]{1,18}");
  private static final Pattern AGO = Pattern.compile("([0-9]{1,9})([mhdw])");
  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  private static final Pattern TIME =
      Pattern.compile(
          "([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(:[0-9]{2})?)(Z|[+-][0-9]{2}:[0-9]{2})?");

  private final String text;

  private PointInTime(String text) {
    this.text = text;
  }

  /** The newest. */
  public static PointInTime latest() {
    return new PointInTime("latest");
  }

  /**
   * What {@code text} says.
   *
   * @throws IllegalArgumentException if it says none of these, with what it may say
   */
  public static PointInTime parse(String text) {
    boolean known =
        text.equals("latest")
            || ID.matcher(text).matches()
            || AGO.matcher(text).matches()
            || isDate(text)
            || isTime(text);
    if (!known) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is no time: use latest, a snapshot's id, an age (3d, 12h, 30m, 2w), 2026-11-23 or 2026-11-23T03:01");
    }
    return new PointInTime(text);
  }

  /** As it was given. */
  public String text() {
    return text;
  }

  /** Whether it names a snapshot by its id. */
  boolean isId() {
    return ID.matcher(text).matches();
  }

  /** The snapshot meant, of those given, oldest first. */
  Optional<Run> select(List<Run> runs, Instant now, ZoneId zone) {
    if (text.equals("latest")) {
      return Optional.of(runs.get(runs.size() - 1));
    }
    if (isId()) {
      long id = Long.parseLong(text);
      return runs.stream().filter(run -> run.id() == id).findFirst();
    }
    Instant latest = instant(now, zone);
    return runs.stream().filter(run -> !run.started().isAfter(latest)).reduce((a, b) -> b);
  }

  private Instant instant(Instant now, ZoneId zone) {
    Matcher ago = AGO.matcher(text);
    if (ago.matches()) {
      long count = Long.parseLong(ago.group(1));
      return now.minus(
          switch (ago.group(2)) {
            case "m" -> Duration.ofMinutes(count);
            case "h" -> Duration.ofHours(count);
            case "d" -> Duration.ofDays(count);
            default -> Duration.ofDays(7 * count);
          });
    }
    if (isDate(text)) {
      return LocalDate.parse(text).plusDays(1).atStartOfDay(zone).toInstant().minusNanos(1);
    }
    return time(zone);
  }

  private static boolean isDate(String text) {
    if (!DATE.matcher(text).matches()) {
      return false;
    }
    try {
      LocalDate.parse(text);
      return true;
    } catch (DateTimeException e) {
      return false; // a 31st of November
    }
  }

  private static boolean isTime(String text) {
    try {
      new PointInTime(text).time(ZoneOffset.UTC);
      return true;
    } catch (DateTimeException e) {
      return false; // no time at all, or 25 o'clock
    }
  }

  private Instant time(ZoneId local) {
    Matcher parts = TIME.matcher(text);
    if (!parts.matches()) {
      throw new DateTimeException(text);
    }
    String offset = parts.group(4);
    ZoneId zone = offset == null ? local : ZoneOffset.of(offset);
    LocalDateTime start = LocalDateTime.parse(parts.group(1) + "T" + parts.group(2));
    return start
        .atZone(zone)
        .withEarlierOffsetAtOverlap()
        .toInstant()
        .plus(parts.group(3) == null ? Duration.ofMinutes(1) : Duration.ofSeconds(1))
        .minusNanos(1);
  }
}
