package org.deferredsync.backup;

import java.util.HashSet;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Says once a kind what this user, or this file system, cannot keep on the files themselves. It is
 * in the catalogue all the same.
 */
final class Unkept {
  private final Logger log;
  private final String place;
  private final Level level;
  private final Set<String> said = new HashSet<>();

  /**
   * @param place where it is missing, in words
   */
  Unkept(Logger log, String place) {
    this(log, place, Level.INFO);
  }

  Unkept(Logger log, String place, Level level) {
    this.log = log;
    this.place = place;
    this.level = level;
  }

  /** The path lacks something of this kind. */
  synchronized void add(String kind, FilePath path, String reason) {
    if (said.add(kind)) {
      log.atLevel(level)
          .log(
              "{}: {} not kept in {}: {}. It stands in the catalogue; said once, there may be more.",
              path,
              kind,
              place,
              reason);
    }
  }

  /** What was said of, for a test. */
  synchronized Set<String> kinds() {
    return Set.copyOf(said);
  }
}
