package org.deferredsync.backup;

import java.io.IOException;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * A pruning under way of a target that is open to write: what the last run left is finished first,
 * as far as it can be.
 */
final class Pruning implements AutoCloseable {
  private final Engine engine;
  private final Logger log;
  private final Target target;
  private final Catalogue catalogue;
  private final int staging;
  private final Recovery recovery;
  private final Forgetter forgetter;
  private final Manifests manifests;
  private final Pruner pruner;

  private Pruning(Engine engine, OpenTarget open, int staging, Logger log) throws IOException {
    Posix posix = engine.posix();
    this.engine = engine;
    this.log = log;
    this.target = open.target();
    this.catalogue = open.catalogue();
    this.staging = staging;
    this.manifests = open.manifests();
    Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
    Metadata metadata = Metadata.ofMirror(posix, new Unkept(log, "the mirror"));
    Publisher publisher = new Publisher(posix, target, catalogue, barrier, metadata, staging);
    this.recovery =
        new Recovery(posix, target, catalogue, publisher, barrier, staging, manifests, log);
    this.forgetter = new Forgetter(posix, target, catalogue, publisher, barrier, open.manifest());
    this.pruner = new Pruner(posix, target, catalogue, forgetter, barrier, manifests);
  }

  static Pruning begin(Engine engine, OpenTarget open, Logger log) throws IOException {
    int staging = open.target().openStaging();
    boolean begun = false;
    try {
      Pruning pruning = new Pruning(engine, open, staging, log);
      pruning.recover();
      begun = true;
      return pruning;
    } finally {
      if (!begun) {
        engine.posix().close(staging);
      }
    }
  }

  /**
   * Finishes what a run left, if that can be done: what expires is nothing that it waits for, and
   * gives back room that it may lack.
   */
  private void recover() throws IOException {
    try {
      recovery.recover();
    } catch (IOException e) {
      if (target.generation() != catalogue.generation()) {
        throw e;
      }
      log.warn("What the last run left cannot be finished yet: {}", e.getMessage());
    }
  }

  Pruner pruner() {
    return pruner;
  }

  /**
   * @param others every other source that is configured, or has a snapshot
   */
  SourceRemover remover(FilePath source, Set<FilePath> others) {
    return new SourceRemover(engine, target, catalogue, pruner, forgetter, log, source, others);
  }

  /** Leaves the target as a run leaves it. */
  void finish() throws IOException {
    pruner.removeEmptyIncrements();
    manifests.keepRuns(catalogue);
    if (!catalogue.checkpoint()) {
      log.debug("A reader keeps the write-ahead log; the next run empties it.");
    }
    new Reserve(engine.posix(), target.own()).keep();
  }

  @Override
  public void close() throws IOException {
    engine.posix().close(staging);
  }
}
