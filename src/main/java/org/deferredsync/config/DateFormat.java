package org.deferredsync.config;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.Optional;

/** The formats of date(1), in the language of the C locale, without flags and widths. */
final class DateFormat {
  /** The letters that may follow a percent sign, for people. */
  static final String KNOWN =
      "%Y %m %d %H %M %S %F %T %R %D %j %u %w %y %C %e %k %I %l %p %s %N %z %Z %a %A %b %B %h %G %g"
          + " %V %U %W %n %t %%";

  private DateFormat() {}

  /** The first directive of that format that is not known, if there is one. */
  static Optional<String> firstUnknown(String format) {
    for (int i = format.indexOf('%'); i >= 0; i = format.indexOf('%', i + 2)) {
      String directive = format.substring(i, Math.min(i + 2, format.length()));
      if (directive.length() < 2 || !(KNOWN + " ").contains(directive + " ")) {
        return Optional.of(directive);
      }
    }
    return Optional.empty();
  }

  /** That time in this format, which has no unknown directive. */
  static String text(String format, ZonedDateTime time) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      text.append(c == '%' ? directive(format.charAt(++i), time) : String.valueOf(c));
    }
    return text.toString();
  }

  private static String directive(char letter, ZonedDateTime time) {
    return switch (letter) {
      case 'Y' -> String.valueOf(time.getYear());
      case 'C' -> padded(time.getYear() / 100, 2, '0');
      case 'y' -> padded(time.getYear() % 100, 2, '0');
      case 'm' -> padded(time.getMonthValue(), 2, '0');
      case 'd' -> padded(time.getDayOfMonth(), 2, '0');
      case 'e' -> padded(time.getDayOfMonth(), 2, ' ');
      case 'j' -> padded(time.getDayOfYear(), 3, '0');
      case 'H' -> padded(time.getHour(), 2, '0');
      case 'k' -> padded(time.getHour(), 2, ' ');
      case 'I' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, '0');
      case 'l' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, ' ');
      case 'M' -> padded(time.getMinute(), 2, '0');
      case 'S' -> padded(time.getSecond(), 2, '0');
      case 'N' -> padded(time.getNano(), 9, '0');
      case 's' -> String.valueOf(time.toEpochSecond());
      case 'F' -> text("%Y-%m-%d", time);
      case 'T' -> text("%H:%M:%S", time);
      case 'R' -> text("%H:%M", time);
      case 'D' -> text("%m/%d/%y", time);
      case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
      case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
      case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'g' -> padded(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0');
      case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case 'U' -> padded(weekOfYear(time, time.getDayOfWeek().getValue() % 7), 2, '0');
      case 'W' -> padded(weekOfYear(time, time.getDayOfWeek().getValue() - 1), 2, '0');
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'a' -> named("EEE", time);
      case 'A' -> named("EEEE", time);
      case 'b', 'h' -> named("MMM", time).substring(0, 3);
      case 'B' -> named("MMMM", time);
      case 'z' -> named("xx", time);
      case 'Z' -> named("zzz", time);
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> throw new IllegalArgumentException("%" + letter);
    };
  }

  private static String padded(int number, int width, char pad) {
    String digits = String.valueOf(number);
    return String.valueOf(pad).repeat(Math.max(0, width - digits.length())) + digits;
  }

  /** The week of the year as strftime(3) counts, given the days since the week began. */
  private static int weekOfYear(ZonedDateTime time, int daysIntoWeek) {
    return (time.getDayOfYear() - 1 + 7 - daysIntoWeek) / 7;
  }

  private static String named(String pattern, ZonedDateTime time) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
