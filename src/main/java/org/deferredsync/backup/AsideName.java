package org.deferredsync.backup;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The name of a directory that keeps what a restore in place moved out of the way, {@code
 * .deferred-sync-aside-YYYYMMDDTHHMMSSZ} in UTC. What has such a name is never moved itself.
 */
record AsideName(Instant time) {
  private static final Pattern FORM = Pattern.compile("\\.deferred-sync-aside-[0-9]{8}T[0-9]{6}Z");
  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("'.deferred-sync-aside-'uuuuMMdd'T'HHmmss'Z'", Locale.ROOT);

  AsideName {
    time = time.truncatedTo(ChronoUnit.SECONDS);
  }

  /** Whether the name is one of ours. */
  static boolean isOne(byte[] name) {
    return FORM.matcher(new String(name, StandardCharsets.ISO_8859_1)).matches();
  }

  AsideName next() {
    return new AsideName(time.plusSeconds(1));
  }

  byte[] bytes() {
    return toString().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public String toString() {
    return FORMAT.format(time.atOffset(ZoneOffset.UTC));
  }
}
