package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * A directory to back up, what of it is left out, and what holds for it alone.
 *
 * @param own what it has instead of what the request says for all sources
 */
public record Source(FilePath path, EntryFilter filter, Omissions omissions, Own own) {
  public Source(FilePath path, EntryFilter filter) {
    this(path, filter, Omissions.NONE, Own.NOTHING);
  }

  /**
   * What a source has of its own.
   *
   * @param guard when it is held; null for when any source is
   * @param retention how long its snapshots are kept; null for as long as any source's
   * @param requiredMounts what has to be mounted for it, besides what has to be for all; wherever
   *     that lies
   */
  public record Own(
      @Nullable Guard guard, @Nullable Retention retention, List<FilePath> requiredMounts) {
    public static final Own NOTHING = new Own(null, null, List.of());

    public Own {
      requiredMounts = List.copyOf(requiredMounts);
    }
  }
}
