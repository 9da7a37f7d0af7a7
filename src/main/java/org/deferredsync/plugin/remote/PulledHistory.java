package org.deferredsync.plugin.remote;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
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
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;

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

  /** rsync makes the directory for what is displaced whether something is or not. */
  static void dropEmpty(Path host, Instant started) throws IOException {
    try {
      Files.deleteIfExists(host.resolve(name(started)));
    } catch (DirectoryNotEmptyException e) {
      return; // something was displaced
    }
  }

  /** Deletes what {@link #expired} finds; a failure if some of it cannot be. */
  static ReturnCode expire(PluginContext context, Path host, Instant now, int days)
      throws IOException, InterruptedException {
    ReturnCode code = ReturnCode.SUCCESS;
    for (Path old : expired(host, now, days)) {
      CommandResult result =
          context.run(Command.of("rm", "-rf", "--one-file-system", "--", old.toString()));
      if (result.succeeded()) {
        context
            .log()
            .info("{} is older than {} and has been deleted.", old, Quantity.of(days, "day"));
      } else {
        String what =
            old
                + " is older than "
                + Quantity.of(days, "day")
                + " and cannot be deleted: rm "
                + result.describe()
                + "; look what holds it";
        context.log().warn("{}.", what);
        context.reasons().accept(what);
        code = ReturnCode.FAILURE;
      }
    }
    return code;
  }
}
