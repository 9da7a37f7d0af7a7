package org.deferredsync.backup;

import org.deferredsync.snapshot.FilePath;

/** What a thread of a scan tells the one that keeps the plan. */
sealed interface ScanFinding {
  /**
   * A directory whose listing is not the one that is stored.
   *
   * @param known whether the catalogue may know it
   * @param entries how many it has, and {@code bytes} what their files hold; of one that may be
   *     known, 0
   */
  record Changed(FilePath path, boolean known, long entries, long bytes) implements ScanFinding {}

  /**
   * New names of files that have several.
   *
   * @param numbers device, inode and size of each, one behind the other
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Links(long[] numbers) implements ScanFinding {}

  /** The thread has ended. */
  record End(ScanTotals totals) implements ScanFinding {}
}
