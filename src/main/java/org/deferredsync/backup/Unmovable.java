package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.jspecify.annotations.Nullable;

/** What a restore in place leaves where it is: mount points, the target, and what holds it. */
final class Unmovable {
  private final List<Stat> targetAndAbove;

  Unmovable(Posix posix, Target target) throws IOException {
    this.targetAndAbove = SourceOverlap.ancestors(posix, target.root());
  }

  boolean isTarget(Stat there) {
    return there.sameObject(targetAndAbove.get(0));
  }

  /** Why it must not be moved, in words; null if it may. */
  @Nullable String why(Stat there) {
    if (there.mountRoot()) {
      return "a mount point";
    }
    return targetAndAbove.stream().anyMatch(there::sameObject) ? "it holds the target" : null;
  }
}
