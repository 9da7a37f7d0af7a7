package org.deferredsync.backup;

import java.io.IOException;

/**
 * Whether names of a target can be judged: what is committed and not carried out yet is neither
 * here nor there. Remembers whether it was ever not so.
 */
final class Stillness {
  private final TargetReader reader;
  private boolean disturbed;

  Stillness(TargetReader reader) {
    this.reader = reader;
  }

  boolean holds() throws IOException {
    boolean still = reader.pending().isEmpty() && !reader.isWanted();
    disturbed |= !still;
    return still;
  }

  boolean wasDisturbed() {
    return disturbed;
  }
}
