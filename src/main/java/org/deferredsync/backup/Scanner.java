package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;

/**
 * Walks one source and notes every directory whose listing is not the stored one. Reads no contents
 * and, of a directory that has not changed, no rows. The only place that concludes a removal: from
 * a whole listing that lacks the name.
 */
final class Scanner {
  private final Catalogue catalogue;
  private final PlanStore store;

  private long files;
  private long directories;
  private long bytes;
  private long added;
  private long changed;
  private long metadata;
  private long removed;
  private long copiedBytes;
  private long newFiles;

  Scanner(Catalogue catalogue, PlanStore store) {
    this.catalogue = catalogue;
    this.store = store;
  }

  /**
   * Scans the source from its root. What cannot be read is noted in its problems and left as it is.
   */
  Plan scan(SourceRoot source) throws IOException {
    scanRoot(source);
    Deque<FilePath> open = new ArrayDeque<>();
    open.push(source.path());
    while (!open.isEmpty()) {
      FilePath directory = open.pop();
      Optional<Listing> listing = read(source, directory);
      if (listing.isPresent()) {
        visit(source, listing.get(), open);
      }
    }
    return new Plan(
        source.path(),
        new Counts(files, directories, bytes, added, changed, metadata, removed, copiedBytes),
        newFiles);
  }

  /** The root is an entry too, of a directory that is not listed. */
  private void scanRoot(SourceRoot source) throws IOException {
    FilePath path = source.path();
    if (!path.isRoot()) {
      Listed listed = new Listed(path.name(), source.stat());
      Optional<Entry> row = catalogue.entries().find(path);
      if (row.isEmpty()) {
        countAdded(listed);
      } else if (!Versions.sameEvidence(listed.stat(), row.get())) {
        countChanged(listed, row.get());
      }
    }
  }

  private static Optional<Listing> read(SourceRoot source, FilePath directory) throws IOException {
    try {
      return Optional.of(source.reader().read(source.tree().open(directory), directory));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT) && !directory.equals(source.path())) {
        source.problems().vanished(directory);
      } else {
        source.problems().unreadable(directory, e);
      }
      return Optional.empty();
    }
  }

  private void visit(SourceRoot source, Listing listing, Deque<FilePath> open) throws IOException {
    directories++;
    for (int i = listing.entries().size() - 1; i >= 0; i--) {
      Listed listed = listing.entries().get(i);
      if (listed.stat().isDirectory()) {
        open.push(listing.path().child(listed.name()));
      } else {
        files++;
        bytes += listed.stat().isRegular() ? listed.stat().size() : 0;
      }
    }
    Optional<Directories.Known> known = catalogue.directories().find(listing.path());
    if (known.isPresent() && Arrays.equals(known.get().digest(), listing.digest())) {
      return;
    }
    store.addChanged(source.index(), listing.path());
    compare(source, listing, known);
  }

  private void compare(SourceRoot source, Listing listing, Optional<Directories.Known> known)
      throws IOException {
    Map<ByteBuffer, Entry> rows = new HashMap<>();
    if (known.isPresent()) {
      for (Entry entry : catalogue.entries().list(known.get().id())) {
        rows.put(ByteBuffer.wrap(entry.name()), entry);
      }
    }
    for (Listed listed : listing.entries()) {
      Entry row = rows.remove(ByteBuffer.wrap(listed.name()));
      if (row == null) {
        countAdded(listed);
      } else if (!Versions.sameEvidence(listed.stat(), row)) {
        countChanged(listed, row);
      }
    }
    if (listing.complete()) {
      for (Entry row : rows.values()) {
        FilePath path = listing.path().child(row.name());
        if (!source.holdsAnother(path)) {
          store.addRemoved(source.index(), listing.path(), row.name());
          removed += 1 + catalogue.entries().countBelow(path);
        }
      }
    }
  }

  private void countAdded(Listed listed) {
    added++;
    newFiles++;
    copiedBytes += listed.stat().isRegular() ? listed.stat().size() : 0;
  }

  private void countChanged(Listed listed, Entry row) {
    boolean bytesMayDiffer =
        listed.stat().isRegular()
            && (listed.stat().size() != row.version().size()
                || listed.stat().mtimeNs() != row.version().mtimeNs());
    if (listed.stat().type() != (row.version().mode() & org.deferredsync.fs.Stat.TYPE_MASK)) {
      removed++;
      countAdded(listed);
    } else if (bytesMayDiffer) {
      changed++;
      newFiles++;
      copiedBytes += listed.stat().size();
    } else if (!row.version().equals(Versions.like(listed.stat(), row.version()))) {
      metadata++;
    }
  }
}
