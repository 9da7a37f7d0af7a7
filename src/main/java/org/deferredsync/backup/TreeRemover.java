package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Takes entries, and all below them, out of the current state: rows into history, files into the
 * increment.
 */
final class TreeRemover {
  private static final int PAGE = 500;

  private final Target target;
  private final Catalogue catalogue;
  private final MirrorCheck mirror;
  private final Displacer displacer;
  private final Batches batches;
  private final Problems problems;
  private final Tally tally;
  private final long run;

  TreeRemover(RunContext context, SourceWork work, long run) {
    this.target = context.target();
    this.catalogue = context.catalogue();
    this.mirror = context.mirror();
    this.displacer = context.displacer();
    this.batches = context.batches();
    this.problems = work.problems();
    this.tally = work.tally();
    this.run = run;
  }

  /** Removes one entry of a directory; children go before their parents. */
  void remove(FilePath directory, byte[] name) throws IOException {
    Optional<Directories.Known> known = catalogue.directories().find(directory);
    if (known.isEmpty() || batches.current().hasReplaced(directory)) {
      return; // gone with the directory
    }
    Optional<Entry> entry = catalogue.entries().find(known.get().id(), name);
    if (entry.isPresent()) {
      FilePath path = directory.child(name);
      if (batches.current().hasMoved(path) || batches.current().hasLinked(path)) {
        return;
      }
      if (entry.get().version().type() == FileType.DIRECTORY) {
        if (batches.current().linksBelow(path)) {
          batches.flush(); // the rows of what came back there are to be read too
        }
        removeBelow(path);
      }
      removeOne(known.get().id(), path, entry.get());
    }
  }

  /** Removes all that is below a directory, but not its own entry. */
  void removeBelow(FilePath top) throws IOException {
    List<Directories.Known> page = catalogue.directories().treeDeepestFirst(top, null, PAGE);
    while (!page.isEmpty()) {
      for (Directories.Known directory : page) {
        removeAllOf(directory);
      }
      FilePath last = page.get(page.size() - 1).path();
      page = catalogue.directories().treeDeepestFirst(top, last, PAGE);
    }
  }

  private void removeAllOf(Directories.Known directory) throws IOException {
    if (batches.current().hasMoves()) {
      batches.flush(); // the rows of what was moved away are to be read no more
    }
    displacer.clearUnknown(directory.path(), batches.current(), problems);
    batches.current().write(c -> c.directories().setDigest(directory.id(), null));
    byte[] after = null;
    for (List<Entry> page = page(directory, after);
        !page.isEmpty();
        page = page(directory, after)) {
      for (Entry row : page) {
        after = row.name();
        removeOne(directory.id(), directory.path().child(after), row);
      }
    }
  }

  private List<Entry> page(Directories.Known directory, byte @Nullable [] after)
      throws IOException {
    return catalogue.entries().listAfter(directory.id(), after, PAGE);
  }

  /**
   * Removes all that is at and below a mirror directory without an entry of its own, the
   * scaffolding above a source that is configured no more, but not the directory itself.
   */
  void removeScaffoldingBelow(FilePath top) throws IOException {
    removeBelow(top);
    removeBare(top);
  }

  private void removeBare(FilePath directory) throws IOException {
    for (FilePath child : mirror.unknown(directory)) {
      Stat there = target.mirror().statOrNull(child);
      if (there != null && there.isDirectory()) {
        removeBare(child);
        batches.current().removeDirectory(child, there.inode());
      } else {
        displacer.clear(child, batches.current(), problems);
      }
    }
  }

  private void removeOne(long directory, FilePath path, Entry row) throws IOException {
    Batch batch = batches.current();
    if (row.version().type() == FileType.DIRECTORY) {
      Stat there = target.mirror().statOrNull(path);
      if (there != null && there.isDirectory()) {
        if (catalogue.directories().find(path).isEmpty()) {
          displacer.clearUnknown(path, batch, problems);
        }
        batch.removeDirectory(path, there.inode());
      } else {
        displacer.clear(path, batch, problems); // somebody put something else in its place
      }
    } else {
      long inode = displacer.displace(path, row, batch, problems);
      if (inode != 0) {
        batch.remove(path, inode);
      }
    }
    batch.write(c -> c.entries().end(directory, row.name(), run));
    tally.removed();
    batches.flushIfFull();
  }
}
