package org.deferredsync.plugin.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What pulls displaced, beside what they fetched: one directory a run, named by its UTC second.
 * Only what has exactly such a name is ever taken for one.
 */
final class PulledHistory {
  private static final Pattern NAME = Pattern.compile("_backup_([0-9]{8}T[0-9]{6})Z");
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss", Locale.ROOT);

  private PulledHistory() {}

  /** The name for what a run that began then displaces. */
  static String name(Instant started) {
    return "_backup_" + SECOND.format(started.atOffset(ZoneOffset.UTC)) + "Z";
  }

  /** When the run began that this is the history of, if it is one. */
  static Optional<Instant> started(String name) {
    var matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(LocalDateTime.parse(matcher.group(1), SECOND).toInstant(ZoneOffset.UTC));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** The directories in {@code host} of runs that began more than {@code days} before then. */
  static List<Path> expired(Path host, Instant now, int days) throws IOException {
    List<Path> old = new ArrayList<>();
    try (Stream<Path> names = Files.list(host)) {
      for (Path path : names.toList()) {
        boolean expired =
            started(path.getFileName().toString())
                .filter(started -> started.isBefore(now.minus(Duration.ofDays(days))))
                .isPresent();
        if (expired && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          old.add(path);
        }
      }
    }
    return old;
  }
}
