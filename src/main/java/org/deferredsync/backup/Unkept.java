package org.deferredsync.backup;

import java.util.HashSet;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * Says once a kind what this user, or this file system, cannot keep on the files themselves. It is
 * in the catalogue all the same.
 */
final class Unkept {
  private final Logger log;
  private final String place;
  private final Set<String> said = new HashSet<>();

  /**
   * @param place where it is missing, in words
   */
  Unkept(Logger log, String place) {
    this.log = log;
    this.place = place;
  }

  /** The path lacks something of this kind. */
  synchronized void add(String kind, FilePath path, String reason) {
    if (said.add(kind)) {
      log.info(
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
