package org.deferredsync.logging;

import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;

/**
 * Warnings of which there may be thousands: of each kind the first {@value #SHOWN} are shown, the
 * rest counted. All are shown when debug records are.
 */
public final class RepeatedWarnings implements AutoCloseable {
  static final int SHOWN = 20;

  private final Logger log;
  private final Map<String, Long> counts = new TreeMap<>();

  public RepeatedWarnings(Logger log) {
    this.log = log;
  }

  /**
   * Warns.
   *
   * @param kind what all such warnings have in common, as the words after a number: {@code files
   *     could not be read}
   * @param sentence the whole of this one
   */
  public synchronized void warn(String kind, String sentence) {
    long count = counts.merge(kind, 1L, Long::sum);
    if (count <= SHOWN || log.isDebugEnabled()) {
      log.warn("{}", sentence);
    }
  }

  /** How many warnings of this kind there were. */
  public synchronized long count(String kind) {
    return counts.getOrDefault(kind, 0L);
  }

  /** Says how many were not shown, one line for each kind. */
  @Override
  public synchronized void close() {
    counts.forEach(
        (kind, count) -> {
          if (count > SHOWN && !log.isDebugEnabled()) {
            log.warn("{} more {} (-v shows all).", count - SHOWN, kind);
          }
        });
    counts.clear();
  }
}
