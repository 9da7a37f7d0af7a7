package org.deferredsync.snapshot;

import java.util.Locale;

/** How a run ended for one source. */
public enum SourceState {
  /** Everything was applied. */
  COMPLETE,
  /** Everything was applied but the paths that the run named; they keep their older version. */
  PARTIAL,
  /** Nothing was applied, to protect what is there. */
  HELD,
  /** The run ended before the source was done; what was committed stays. */
  INTERRUPTED;

  /** Whether the state of the source at this run can be restored. */
  public boolean restorable() {
    return this == COMPLETE || this == PARTIAL;
  }

  /** The word for it in the catalogue, the log and JSON. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The state with this word.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static SourceState ofWord(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
