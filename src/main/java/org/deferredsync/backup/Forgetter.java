package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Expiry.Placed;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;

/**
 * Forgets first and deletes then: in one transaction rows go and what is to be deleted becomes
 * pending; the files follow; only when that is durable are they no longer pending. Cut short, the
 * next recovery deletes what is left.
 */
final class Forgetter {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Publisher publisher;
  private final Barrier barrier;
  private final ManifestWriter manifest;

  Forgetter(
      Posix posix,
      Target target,
      Catalogue catalogue,
      Publisher publisher,
      Barrier barrier,
      ManifestWriter manifest) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.publisher = publisher;
    this.barrier = barrier;
    this.manifest = manifest;
  }

  /** Deletes rows, and tells which files go with them. */
  interface Step {
    void forget(Doomed doomed) throws CatalogueException;
  }

  /** What one step deletes. */
  static final class Doomed {
    private final long number;
    private final List<Operation> inMirror = new ArrayList<>();
    private final List<Operation> inIncrements = new ArrayList<>();

    private Doomed(long number) {
      this.number = number;
    }

    /** Names in increments. */
    void add(List<Placed> places) {
      for (Placed placed : places) {
        inIncrements.add(new Operation(number, placed.run(), Kind.PRUNE, null, placed.path(), 0));
      }
    }

    /** The mirror's name at the path, if it is still that inode. */
    void add(Kind kind, FilePath path, long inode) {
      inMirror.add(new Operation(number, 0, kind, null, path, inode));
    }
  }

  private void finishManifest(Doomed doomed) throws CatalogueException {
    if (manifest.isEmpty()) {
      return; // what goes with expired snapshots is told by the runs
    }
    try {
      manifest.finish(doomed.inMirror, posix::sync);
    } catch (CatalogueException e) {
      throw e;
    } catch (IOException e) {
      throw new CatalogueException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Does one step.
   *
   * @return how many names were to be deleted
   */
  long step(Step step) throws IOException {
    long number = catalogue.generation() + 1;
    Doomed doomed = new Doomed(number);
    manifest.begin(number, null);
    catalogue.transaction(
        () -> {
          step.forget(doomed);
          finishManifest(doomed);
          catalogue.setGeneration(number);
          for (Operation operation : doomed.inMirror) {
            catalogue.pending().add(operation);
          }
          for (Operation operation : doomed.inIncrements) {
            catalogue.pending().add(operation);
          }
        });
    target.setGeneration(number);
    publisher.publish(doomed.inMirror);
    try (IncrementFiles files = new IncrementFiles(posix, target, catalogue, barrier)) {
      for (Operation operation : doomed.inIncrements) {
        files.delete(operation.run(), operation.path());
      }
    }
    barrier.pass();
    catalogue.transaction(() -> catalogue.pending().clear(number));
    return (long) doomed.inMirror.size() + doomed.inIncrements.size();
  }
}
