package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import org.deferredsync.backup.Forecast.Addition;
import org.deferredsync.backup.Forecast.Removal;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Picks out of a plan the few changes that somebody would want to see first. Looks once more at the
 * directories that have changed; keeps no more than it answers.
 */
final class LargestChanges {
  private static final int MOST = 10;
  private static final int PAGE = 500;

  private final Catalogue catalogue;
  private final PlanStore store;
  private final PriorityQueue<Addition> additions =
      new PriorityQueue<>(Comparator.comparingLong(Addition::bytes));
  private final PriorityQueue<Removal> removals =
      new PriorityQueue<>(
          Comparator.comparingLong(Removal::entries).thenComparingLong(Removal::bytes));

  LargestChanges(Catalogue catalogue, PlanStore store) {
    this.catalogue = catalogue;
    this.store = store;
  }

  /** Looks through the plan of one source. */
  void look(SourceRoot source) throws IOException {
    FilePath after = null;
    for (List<FilePath> page = changed(source, after);
        !page.isEmpty();
        page = changed(source, after)) {
      for (FilePath directory : page) {
        after = directory;
        lookAt(source, directory);
      }
    }
    lookAtRemovals(source);
  }

  private List<FilePath> changed(SourceRoot source, @Nullable FilePath after) throws IOException {
    return store.changed(source.index(), after, PAGE);
  }

  private void lookAt(SourceRoot source, FilePath directory) throws IOException {
    Listing listing;
    try {
      listing = source.reader().read(source.tree().open(directory), directory);
    } catch (PosixException e) {
      return; // the scan has said so, or it went away since
    }
    Map<ByteBuffer, Entry> rows = new HashMap<>();
    Optional<Directories.Known> known = catalogue.directories().find(directory);
    if (known.isPresent()) {
      for (Entry row : catalogue.entries().list(known.get().id())) {
        rows.put(ByteBuffer.wrap(row.name()), row);
      }
    }
    for (Listed listed : listing.entries()) {
      if (listed.stat().isRegular()
          && !isMoved(listed.stat())
          && isToBeCopied(listed.stat(), rows.get(ByteBuffer.wrap(listed.name())))) {
        keep(additions, new Addition(directory.child(listed.name()), listed.stat().size()));
      }
    }
  }

  private boolean isMoved(Stat stat) throws IOException {
    return stat.nlink() == 1 && !store.gone().files(MoveSearch.sight(stat)).isEmpty();
  }

  private static boolean isToBeCopied(Stat stat, @Nullable Entry row) {
    return row == null
        || row.version().type() != FileType.FILE
        || row.version().size() != stat.size()
        || row.version().mtimeNs() != stat.mtimeNs();
  }

  /**
   * Looks through what is gone of one source: the removals from one directory follow each other.
   */
  void lookAtRemovals(SourceRoot source) throws IOException {
    long seq = 0;
    Removal names = null;
    for (List<PlanStore.Removed> page = removed(source, seq);
        !page.isEmpty();
        page = removed(source, seq)) {
      for (PlanStore.Removed removed : page) {
        seq = removed.seq();
        FilePath path = removed.directory().child(removed.name());
        Optional<Entry> row = catalogue.entries().find(path);
        PlanStore.Size elsewhere = store.gone().metOf(removed.seq());
        if (row.isPresent() && row.get().version().type() == FileType.DIRECTORY) {
          long entries = 1 + catalogue.entries().countBelow(path) - elsewhere.entries();
          long bytes = catalogue.entries().bytesBelow(path) - elsewhere.bytes();
          keep(removals, entries == 0 ? null : new Removal(path, entries, bytes));
          continue;
        }
        if (elsewhere.entries() > 0) {
          continue;
        }
        if (names == null || !names.path().equals(removed.directory())) {
          keep(removals, names);
          names = new Removal(removed.directory(), 0, 0);
        }
        long bytes = row.isPresent() ? row.get().version().size() : 0;
        names = new Removal(names.path(), names.entries() + 1, names.bytes() + bytes);
      }
    }
    keep(removals, names);
  }

  private List<PlanStore.Removed> removed(SourceRoot source, long seq) throws IOException {
    return store.removed(source.index(), seq, PAGE);
  }

  private static <T> void keep(PriorityQueue<T> largest, @Nullable T one) {
    if (one != null) {
      largest.add(one);
      if (largest.size() > MOST) {
        largest.remove();
      }
    }
  }

  List<Addition> additions() {
    return descending(additions);
  }

  List<Removal> removals() {
    return descending(removals);
  }

  private static <T> List<T> descending(PriorityQueue<T> largest) {
    List<T> all = new ArrayList<>(largest);
    all.sort(largest.comparator().reversed());
    return all;
  }
}
