package org.deferredsync.logging;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * One line of the log: level, local time with offset, who says it, and a sentence. Whatever the
 * parts hold, its text is one line.
 */
public record LogRecord(Level level, Instant time, String name, String sentence) {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

  /** {@code [INFO] 2026-11-23T03:01:04+09:00 incremental_backup: 12 files changed}. */
  public String text(ZoneId zone) {
    return "["
        + level
        + "] "
        + TIME.format(OffsetDateTime.ofInstant(time, zone).truncatedTo(ChronoUnit.SECONDS))
        + " "
        + Printable.of(name)
        + ": "
        + Printable.of(sentence);
  }
}
