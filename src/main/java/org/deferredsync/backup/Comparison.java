package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Compares the changed directories of a source with the catalogue, name by name. The only place
 * that concludes a removal: from a whole listing that lacks the name.
 */
final class Comparison {
  private static final int PAGE = 500;

  private final Catalogue catalogue;
  private final PlanStore store;
  private final SourceRoot source;

  private long added;
  private long changed;
  private long metadata;
  private long removed;
  private long excluded;
  private long copiedBytes;
  private long copiedData;
  private long newFiles;
  private long increments;

  Comparison(Catalogue catalogue, PlanStore store, SourceRoot source) {
    this.catalogue = catalogue;
    this.store = store;
    this.source = source;
  }

  /** Compares the root and every directory that the catalogue may know. */
  void compare() throws IOException {
    root();
    try (ListingBesideRows beside = new ListingBesideRows(catalogue)) {
      FilePath after = null;
      for (List<FilePath> page = page(after); !page.isEmpty(); page = page(after)) {
        for (FilePath path : page) {
          after = path;
          directory(path, beside);
        }
      }
    }
  }

  private List<FilePath> page(@Nullable FilePath after) throws IOException {
    return store.changedKnown(source.index(), after, PAGE);
  }

  /** The root is an entry too, of a directory that is not listed. */
  private void root() throws IOException {
    FilePath path = source.path();
    if (!path.isRoot()) {
      Listed listed = new Listed(path.name(), source.stat());
      Optional<Entry> row = catalogue.entries().find(path);
      if (row.isEmpty()) {
        countAdded(listed.stat());
      } else if (!Versions.sameEvidence(listed.stat(), row.get())) {
        countChanged(listed.stat(), row.get());
      }
    }
  }

  private void directory(FilePath path, ListingBesideRows beside) throws IOException {
    ListingPass.Outcome outcome;
    try {
      outcome = beside.list(source.reader(), source.tree().open(path), path);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT) && !path.equals(source.path())) {
        source.problems().vanished(path);
      } else {
        source.problems().unreadable(path, e);
      }
      store.dropChanged(path);
      return;
    }
    long displacedBefore = removed + changed;
    Long id = catalogue.directories().find(path).map(Directories.Known::id).orElse(null);
    beside.each(
        id,
        new ListingBesideRows.Sink() {
          @Override
          public void listed(Listed listed, @Nullable Entry row) throws IOException {
            compare(path, listed, row);
          }

          @Override
          public void unlisted(Entry row) throws IOException {
            if (outcome.complete()) {
              remove(path, row);
            }
          }
        });
    increments += removed + changed > displacedBefore ? 1 : 0;
  }

  private void compare(FilePath directory, Listed listed, @Nullable Entry row) throws IOException {
    Stat stat = listed.stat();
    if (row == null) {
      countAdded(stat);
    } else if (!Versions.sameEvidence(stat, row)) {
      countChanged(stat, row);
      FilePath path = directory.child(row.name());
      if (!stat.isDirectory()
          && row.version().type() == FileType.DIRECTORY
          && !source.holdsAnother(path)) {
        store.addReplaced(source.index(), directory, row.name());
        removed += catalogue.entries().countBelow(path);
      }
    } else {
      noteStored(stat);
    }
  }

  private void remove(FilePath directory, Entry row) throws IOException {
    FilePath path = directory.child(row.name());
    if (source.holdsAnother(path)) {
      return;
    }
    boolean isDirectory = row.version().type() == FileType.DIRECTORY;
    boolean isLeftOut;
    try {
      isLeftOut = isLeftOut(path, isDirectory);
    } catch (PosixException e) {
      source.problems().unreadable(path, e);
      return;
    }
    store.addRemoved(source.index(), directory, row.name());
    long gone = countTree(path);
    removed += gone;
    excluded += isLeftOut ? gone : 0;
    if (isDirectory) {
      increments += catalogue.directories().countFrom(path);
    }
  }

  /** Whether it is not gone, but not wanted any more. */
  private boolean isLeftOut(FilePath path, boolean isDirectory) throws IOException {
    ListingReader reader = source.reader();
    return (reader.omits() || reader.leavesOut(path, isDirectory))
        && source.tree().statOrNull(path) != null;
  }

  private long countTree(FilePath path) throws IOException {
    return 1 + catalogue.entries().countBelow(path);
  }

  private void countAdded(Stat stat) throws IOException {
    added++;
    countCopied(stat);
  }

  /** Names of one file are counted once, by the store. */
  private void countCopied(Stat stat) throws IOException {
    if (stat.isRegular() && stat.nlink() > 1) {
      store.addLink(source.index(), stat.device(), stat.inode(), stat.data());
    } else {
      newFiles++;
      copiedBytes += stat.isRegular() ? stat.size() : 0;
      copiedData += stat.isRegular() ? stat.data() : 0;
    }
  }

  /** A new name of this file needs no second copy. */
  private void noteStored(Stat stat) throws IOException {
    if (stat.isRegular() && stat.nlink() > 1) {
      store.addStored(stat.device(), stat.inode());
    }
  }

  /** What a row that is not as it was has to do with what is there now. */
  enum Change {
    TYPE,
    /** The bytes may be others. */
    BYTES,
    METADATA,
    /** What is evidence alone. */
    NONE
  }

  /** How they differ, as far as that can be told without reading. */
  static Change change(Stat stat, Entry row) {
    if (stat.type() != (row.version().mode() & Stat.TYPE_MASK)) {
      return Change.TYPE;
    }
    if (stat.isRegular()
        && (stat.size() != row.version().size() || stat.mtimeNs() != row.version().mtimeNs())) {
      return Change.BYTES;
    }
    return row.version().equals(Versions.like(stat, row.version())) ? Change.NONE : Change.METADATA;
  }

  private void countChanged(Stat stat, Entry row) throws IOException {
    switch (change(stat, row)) {
      case TYPE -> {
        removed++;
        countAdded(stat);
      }
      case BYTES -> {
        changed++;
        countCopied(stat);
      }
      case METADATA -> {
        metadata++;
        noteStored(stat);
      }
      case NONE -> noteStored(stat);
    }
  }

  long added() {
    return added;
  }

  long changed() {
    return changed;
  }

  long metadata() {
    return metadata;
  }

  long removed() {
    return removed;
  }

  /** Those of them that are still there, and left out now. */
  long excluded() {
    return excluded;
  }

  long copiedBytes() {
    return copiedBytes;
  }

  /** Of the bytes that would be copied those that are no holes. */
  long copiedData() {
    return copiedData;
  }

  /**
   * How many directories the increment would get, nearly: what lies in them are names, no files.
   */
  long increments() {
    return increments;
  }

  /** How many files and directories the mirror would get, without those of several names. */
  long newFiles() {
    return newFiles;
  }
}
