package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.GoneEntries;
import org.deferredsync.catalogue.GoneEntries.Counted;
import org.deferredsync.catalogue.GoneEntries.Gone;
import org.deferredsync.catalogue.GoneEntries.Sight;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Finds, when all sources are scanned, what of that which is gone turned up under another name:
 * lists the changed directories once more and compares inodes, sizes and times. Whether it is the
 * same file is for the {@link Mover} to decide when it looks at it.
 */
final class MoveSearch {
  private static final int PAGE = 500;

  private final Catalogue catalogue;
  private final PlanStore store;
  private final GoneEntries gone;

  MoveSearch(Catalogue catalogue, PlanStore store) {
    this.catalogue = catalogue;
    this.store = store;
    this.gone = store.gone();
  }

  /** Searches; {@code sources} are those that are not held. */
  void search(List<SourceRoot> sources) throws IOException {
    for (SourceRoot source : sources) {
      noteGone(source);
    }
    if (!gone.isEmpty()) {
      for (SourceRoot source : sources) {
        meet(source);
      }
    }
  }

  private void noteGone(SourceRoot source) throws IOException {
    long seq = 0;
    List<PlanStore.Removed> page = store.removed(source.index(), seq, PAGE);
    while (!page.isEmpty()) {
      for (PlanStore.Removed removed : page) {
        seq = removed.seq();
        noteGone(source, removed);
      }
      page = store.removed(source.index(), seq, PAGE);
    }
    seq = 0;
    page = store.replaced(source.index(), seq, PAGE);
    while (!page.isEmpty()) {
      for (PlanStore.Removed replaced : page) {
        seq = replaced.seq();
        noteBelow(source, GoneEntries.NO_REMOVAL, replaced.directory().child(replaced.name()));
      }
      page = store.replaced(source.index(), seq, PAGE);
    }
  }

  private void noteGone(SourceRoot source, PlanStore.Removed removed) throws IOException {
    Optional<Directories.Known> directory = catalogue.directories().find(removed.directory());
    if (directory.isEmpty()) {
      return;
    }
    Optional<Entry> row = catalogue.entries().find(directory.get().id(), removed.name());
    if (row.isPresent()) {
      gone.add(source.index(), removed.seq(), directory.get(), row.get());
      if (row.get().version().type() == FileType.DIRECTORY) {
        noteBelow(source, removed.seq(), removed.directory().child(removed.name()));
      }
    }
  }

  private void noteBelow(SourceRoot source, long removal, FilePath top) throws IOException {
    FilePath last = null;
    List<Directories.Known> page = below(top, last);
    while (!page.isEmpty()) {
      for (Directories.Known directory : page) {
        last = directory.path();
        noteGone(source, removal, directory);
      }
      page = below(top, last);
    }
  }

  private List<Directories.Known> below(FilePath top, @Nullable FilePath last) throws IOException {
    return catalogue.directories().treeDeepestFirst(top, last, PAGE);
  }

  private void noteGone(SourceRoot source, long removal, Directories.Known directory)
      throws IOException {
    byte[] last = null;
    List<Entry> rows = rows(directory, last);
    while (!rows.isEmpty()) {
      for (Entry row : rows) {
        last = row.name();
        gone.add(source.index(), removal, directory, row);
      }
      rows = rows(directory, last);
    }
  }

  private List<Entry> rows(Directories.Known directory, byte @Nullable [] last) throws IOException {
    return catalogue.entries().listAfter(directory.id(), last, PAGE);
  }

  private void meet(SourceRoot source) throws IOException {
    ListingPass pass = source.reader().newPass();
    PathBuffer buffer = new PathBuffer();
    FilePath after = null;
    List<FilePath> page = store.changed(source.index(), after, PAGE);
    while (!page.isEmpty()) {
      for (FilePath path : page) {
        after = path;
        try {
          pass.list(source.tree().open(path), buffer.set(path), new Names(source, path));
        } catch (PosixException unreadable) {
          // It went away since the scan, or cannot be read, which that has told.
        }
      }
      page = store.changed(source.index(), after, PAGE);
    }
  }

  /** The names of one directory. */
  private final class Names implements ListingPass.Sink {
    private final SourceRoot source;
    private final Optional<Directories.Known> known;

    Names(SourceRoot source, FilePath directory) throws IOException {
      this.source = source;
      this.known = catalogue.directories().find(directory);
    }

    @Override
    public void begin() {}

    @Override
    public void take(StatBuffer entry) throws IOException {
      if (gone.maySeek(entry.inode())) {
        Optional<Gone> found = gone.find(sight(entry.stat()));
        if (found.isPresent()) {
          meet(found.get(), entry);
        }
      }
    }

    private void meet(Gone found, StatBuffer entry) throws IOException {
      Optional<Entry> row =
          known.isEmpty()
              ? Optional.empty()
              : catalogue.entries().find(known.get().id(), entry.name());
      if (row.isPresent() && row.get().evidence().inode() == entry.inode()) {
        return; // where it always was: the other was a hard link of it
      }
      boolean movable =
          found.movable()
              && entry.nlink() == 1
              && !(row.isPresent() && row.get().version().type() == FileType.DIRECTORY);
      gone.meet(found, source.index(), movable ? counted(entry, row.orElse(null)) : null);
    }

    /** As the comparison has counted it. */
    private static Counted counted(StatBuffer entry, @Nullable Entry row) {
      if (row == null || row.version().type() != FileType.FILE) {
        return Counted.ADDED;
      }
      return switch (Comparison.change(entry.stat(), row)) {
        case BYTES, TYPE -> Counted.CHANGED;
        case METADATA -> Counted.METADATA;
        case NONE -> Counted.NOTHING;
      };
    }
  }

  /** What an entry with this stat looks like. */
  static Sight sight(Stat stat) {
    return new Sight(
        FileType.ofMode(stat.mode()),
        stat.inode(),
        stat.isRegular() ? stat.size() : 0,
        stat.mtimeNs());
  }
}
