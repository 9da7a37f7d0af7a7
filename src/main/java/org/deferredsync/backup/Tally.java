package org.deferredsync.backup;

import org.deferredsync.snapshot.Counts;

/** What applying one source has done so far. */
final class Tally {
  private long added;
  private long moved;
  private long changed;
  private long rewritten;
  private long metadata;
  private long removed;
  private long copiedBytes;

  void added(long bytes) {
    added++;
    copiedBytes += bytes;
  }

  /** A file got another name. */
  void moved() {
    moved++;
  }

  void changed(long bytes) {
    changed++;
    copiedBytes += bytes;
  }

  /** One that was counted as changed had another hash before. */
  void countRewritten() {
    rewritten++;
  }

  void metadata() {
    metadata++;
  }

  void removed() {
    removed++;
  }

  /** How many regular files had another hash before; those of new names do not count. */
  long rewritten() {
    return rewritten;
  }

  /** These changes, with what there is as the scan counted it. */
  Counts with(Counts scanned) {
    return new Counts(
        scanned.files(),
        scanned.directories(),
        scanned.bytes(),
        added,
        moved,
        changed,
        metadata,
        removed,
        copiedBytes);
  }
}
