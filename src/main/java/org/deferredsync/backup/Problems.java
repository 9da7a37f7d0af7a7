package org.deferredsync.backup;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * What went wrong with single paths of one source: each is named once in the log, and counted.
 * Whatever cannot be read is kept as it is in the mirror and makes the source partial. Safe for use
 * by several threads.
 */
final class Problems {
  private static final int NAMED = 100;
  private static final int REMEMBERED = 100_000;

  private final Logger log;
  private final Set<FilePath> namedUnreadable = new HashSet<>();
  private final Set<FilePath> namedInconsistent = new HashSet<>();
  private long unreadable;
  private long inconsistent;
  private long unknown;
  private long vanished;

  Problems(Logger log) {
    this.log = log;
  }

  /** The path could not be read; its older version stays. */
  synchronized void unreadable(FilePath path, IOException cause) {
    if (first(namedUnreadable, path)) {
      unreadable++;
      warn(unreadable, "{}: not read, its last version is kept: {}", path, reason(cause));
    }
  }

  /** The path changed each time it was read. */
  synchronized void inconsistent(FilePath path) {
    if (first(namedInconsistent, path)) {
      inconsistent++;
      warn(inconsistent, "{}: was being written while it was read; the copy may be torn", path, "");
    }
  }

  /**
   * The mirror held something that the catalogue does not know; it was moved to {@code increment}.
   */
  synchronized void unknown(FilePath path, String what) {
    unknown++;
    warn(unknown, "{}: {}", path, what);
  }

  /** The path went away between listing and reading. */
  synchronized void vanished(FilePath path) {
    vanished++;
    log.debug("{}: went away while it was being read", path);
  }

  /** Names that a directory listed and that could not be found in it. */
  synchronized void vanishedFrom(FilePath directory, long names) {
    vanished += names;
    log.debug("{}: {} went away while it was being listed", directory, Quantity.of(names, "name"));
  }

  private static boolean first(Set<FilePath> named, FilePath path) {
    return named.size() >= REMEMBERED || named.add(path);
  }

  private void warn(long count, String format, FilePath path, String detail) {
    if (count <= NAMED) {
      log.warn(format, path, detail);
    } else {
      log.debug(format, path, detail);
    }
  }

  private static String reason(IOException cause) {
    return cause instanceof PosixException posix
        ? posix.errno().text()
        : String.valueOf(cause.getMessage());
  }

  synchronized long unreadable() {
    return unreadable;
  }

  synchronized long inconsistent() {
    return inconsistent;
  }

  synchronized long unknown() {
    return unknown;
  }

  synchronized long vanished() {
    return vanished;
  }
}
