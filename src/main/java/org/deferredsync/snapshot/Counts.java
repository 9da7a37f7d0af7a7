package org.deferredsync.snapshot;

/**
 * How much there is and how much of it a run changed.
 *
 * @param files entries that are no directories, at the end
 * @param directories directories, at the end
 * @param bytes size of the regular files, at the end
 * @param added entries that were not there before
 * @param moved regular files that have another name now, and were copied nowhere: neither added nor
 *     removed
 * @param changed regular files with other bytes
 * @param metadata entries with the same bytes and other metadata
 * @param removed entries that are gone
 * @param copiedBytes bytes copied into the mirror
 */
public record Counts(
    long files,
    long directories,
    long bytes,
    long added,
    long moved,
    long changed,
    long metadata,
    long removed,
    long copiedBytes) {
  public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0, 0, 0);

  public Counts plus(Counts other) {
    return new Counts(
        files + other.files,
        directories + other.directories,
        bytes + other.bytes,
        added + other.added,
        moved + other.moved,
        changed + other.changed,
        metadata + other.metadata,
        removed + other.removed,
        copiedBytes + other.copiedBytes);
  }

  /** Whether the run found everything as it was. */
  public boolean unchanged() {
    return added == 0 && moved == 0 && changed == 0 && metadata == 0 && removed == 0;
  }
}
