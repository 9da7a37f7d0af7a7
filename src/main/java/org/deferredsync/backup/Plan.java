package org.deferredsync.backup;

import org.deferredsync.catalogue.GoneEntries.Moves;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;

/**
 * What the scan of one source found, and what applying it would do.
 *
 * @param counts what there is, and what would change; copiedBytes is how much would be written
 * @param newFiles how many files and directories the mirror would get
 * @param newData how many bytes of them are no holes
 * @param newInIncrement how many directories the increment would get; removed files need no room
 * @param contents how many regular files there are
 * @param excluded removed entries that are still there and that an exclude rule leaves out now
 */
public record Plan(
    FilePath source,
    Counts counts,
    long newFiles,
    long newData,
    long newInIncrement,
    long contents,
    long excluded) {

  /** So many of the removed files have another name now. */
  Plan withMovesOut(long files) {
    return with(0, 0, 0, 0, -files, 0, 0);
  }

  /** Names of the source are those of files that were elsewhere; what they had before is gone. */
  Plan withMovesIn(Moves moves) {
    long files = moves.files();
    return switch (moves.counted()) {
      case ADDED -> with(-files, files, 0, 0, 0, -moves.bytes(), -files);
      case CHANGED -> with(0, files, -files, 0, files, -moves.bytes(), -files);
      case METADATA -> with(0, files, 0, -files, files, 0, 0);
      case NOTHING -> with(0, files, 0, 0, files, 0, 0);
    };
  }

  private Plan with(
      long added,
      long moved,
      long changed,
      long metadata,
      long removed,
      long copiedBytes,
      long files) {
    Counts with = new Counts(0, 0, 0, added, moved, changed, metadata, removed, copiedBytes);
    return new Plan(
        source,
        counts.plus(with),
        newFiles + files,
        Math.max(0, newData + copiedBytes), // what has holes counts for less
        newInIncrement,
        contents,
        excluded);
  }
}
