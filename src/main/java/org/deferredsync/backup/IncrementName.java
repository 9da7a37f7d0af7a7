package org.deferredsync.backup;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of an increment, {@code _backup_YYYYMMDDTHHMMSSZ} in UTC. Only what parses is ours to
 * expire; the order of runs is that of their ids, never of these names.
 */
record IncrementName(Instant time) {
  private static final Pattern FORM = Pattern.compile("_backup_[0-9]{8}T[0-9]{6}Z");
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("'_backup_'uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
          .withResolverStyle(ResolverStyle.STRICT);

  IncrementName {
    time = time.truncatedTo(ChronoUnit.SECONDS);
  }

  /** The increment with this name, or empty if it is not exactly one. */
  static Optional<IncrementName> parse(String name) {
    if (!FORM.matcher(name).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new IncrementName(LocalDateTime.parse(name, FORMAT).toInstant(ZoneOffset.UTC)));
    } catch (DateTimeException e) {
      return Optional.empty(); // a 13th month: somebody else's name
    }
  }

  /** The one a second later. */
  IncrementName next() {
    return new IncrementName(time.plusSeconds(1));
  }

  byte[] bytes() {
    return toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String toString() {
    return FORMAT.format(time.atOffset(ZoneOffset.UTC));
  }
}
