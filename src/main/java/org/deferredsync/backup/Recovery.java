package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * Finishes what an earlier run left: publishes what was committed, drops what was not. The same
 * however often it is itself cut short.
 */
final class Recovery {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Publisher publisher;
  private final Barrier barrier;
  private final int staging;
  private final Manifests manifests;
  private final Logger log;

  Recovery(
      Posix posix,
      Target target,
      Catalogue catalogue,
      Publisher publisher,
      Barrier barrier,
      int staging,
      Manifests manifests,
      Logger log) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.publisher = publisher;
    this.barrier = barrier;
    this.staging = staging;
    this.manifests = manifests;
    this.log = log;
  }

  /** Recovers; does nothing where the last run ended by itself. */
  void recover() throws IOException {
    MovedTree.clear(posix, target); // before anybody looks how many names a file of ours has
    manifests.dropAfter(catalogue.generation());
    List<Operation> pending = catalogue.pending().list();
    if (!pending.isEmpty()) {
      // A COMMIT that answered with an error may live in the page cache alone: make it durable
      // first.
      checkpoint();
      target.setGeneration(catalogue.generation());
      publisher.publish(pending);
      barrier.pass();
      catalogue.transaction(() -> catalogue.pending().clear());
    }
    if (target.generation() != catalogue.generation()) {
      checkpoint();
      target.setGeneration(catalogue.generation());
    }
    int dropped = emptyStaging();
    List<Run> runs = catalogue.runs().list();
    Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
    if (last != null && last.ended() == null) {
      dropUncommittedLinks(last);
      log.info(
          "Recovered run {}, which had not ended: {} finished, {} dropped.",
          last.id(),
          Quantity.of(pending.size(), "operation"),
          Quantity.of(dropped, "staged file"));
    } else if (!pending.isEmpty()) {
      log.info("Recovered the target: {} finished.", Quantity.of(pending.size(), "operation"));
    }
  }

  private void checkpoint() throws IOException {
    if (!catalogue.checkpoint()) {
      throw new IOException(
          target.catalogueFile() + ": somebody reads it and recovery has to wait; run again");
    }
  }

  private int emptyStaging() throws IOException {
    int dropped = 0;
    for (byte[] name : names(staging)) {
      dropped++;
      if (posix.stat(staging, name).isDirectory()) {
        int directory = posix.openDirectory(staging, name);
        try {
          for (byte[] child : names(directory)) {
            if (posix.stat(directory, child).isDirectory()) {
              posix.removeDirectory(
                  directory, child); // an empty one: staged directories are one deep
            } else {
              posix.unlink(directory, child);
            }
          }
        } finally {
          posix.close(directory);
        }
        posix.removeDirectory(staging, name);
      } else {
        posix.unlink(staging, name);
      }
    }
    return dropped;
  }

  /**
   * A version linked into the increment for a batch that was not committed has a second name, in
   * the mirror. One with a single name and no row was unknown to the catalogue: it stays.
   */
  private void dropUncommittedLinks(Run run) throws IOException {
    String name = run.increment();
    if (name == null) {
      return;
    }
    int increment;
    try {
      increment = Increment.open(posix, target, name);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return; // its name was committed, and then the run ended
      }
      throw e;
    }
    try (DirectoryTree tree = new DirectoryTree(posix, increment, FilePath.ROOT, true)) {
      dropLinksBelow(tree, FilePath.ROOT, run.id());
    } finally {
      posix.close(increment);
    }
    if (catalogue.contents().placesIn(run.id()) == 0) {
      removeIfEmpty(target.root(), name);
    }
  }

  private void dropLinksBelow(DirectoryTree tree, FilePath path, long run) throws IOException {
    for (byte[] name : names(tree.open(path))) {
      FilePath child = path.child(name);
      int directory = tree.open(path);
      Stat stat = posix.stat(directory, name);
      if (catalogue.contents().hasPlace(run, child)) {
        continue;
      }
      if (stat.isDirectory()) {
        dropLinksBelow(tree, child, run);
        tree.forget(child);
        removeEmpty(tree.open(path), name);
      } else if (stat.nlink() >= 2 && isInMirror(child, stat)) {
        posix.unlink(directory, name);
      }
    }
  }

  private boolean isInMirror(FilePath path, Stat stat) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    return there != null && there.sameObject(stat);
  }

  private void removeIfEmpty(int parent, String name) throws IOException {
    removeEmpty(parent, Stager.bytes(name));
  }

  private void removeEmpty(int parent, byte[] name) throws IOException {
    try {
      posix.removeDirectory(parent, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOTEMPTY) && !e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  private List<byte[]> names(int directory) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(directory, entry -> names.add(entry.name()));
    return names;
  }
}
