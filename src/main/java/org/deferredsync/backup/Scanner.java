package org.deferredsync.backup;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.deferredsync.backup.ScanFinding.Changed;
import org.deferredsync.backup.ScanFinding.End;
import org.deferredsync.backup.ScanFinding.Links;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.DirectoryDigests;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.Counts;

/**
 * Finds out what has changed in a source: walks it by several threads and notes every directory
 * whose listing is not the stored one, then compares those with the catalogue, in the order of
 * their paths. Reads no contents and, of a directory that has not changed, no rows.
 */
final class Scanner {
  /** How many findings may wait; few, since each holds a path. */
  private static final int WAITING = 64;

  private final Posix posix;
  private final Catalogue catalogue;
  private final PlanStore store;
  private final DirectoryDigests digests;
  private final int threads;
  private final Progress progress;

  /**
   * @param digests as the catalogue has them
   * @param threads how many list directories at a time
   * @param progress told of what is in each directory
   */
  Scanner(
      Posix posix,
      Catalogue catalogue,
      PlanStore store,
      DirectoryDigests digests,
      int threads,
      Progress progress) {
    this.posix = posix;
    this.catalogue = catalogue;
    this.store = store;
    this.digests = digests;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Scans the source from its root. What cannot be read is noted in its problems and left as it is.
   */
  Plan scan(SourceRoot source) throws IOException {
    ScanTotals totals = walk(source);
    Comparison comparison = new Comparison(catalogue, store, source);
    comparison.compare();
    PlanStore.Size linked = store.newLinks(source.index());
    return new Plan(
        source.path(),
        new Counts(
            totals.files,
            totals.directories,
            totals.bytes,
            totals.added + comparison.added(),
            0,
            comparison.changed(),
            comparison.metadata(),
            comparison.removed(),
            totals.newBytes + comparison.copiedBytes() + linked.bytes()),
        totals.newFiles + comparison.newFiles() + linked.entries(),
        totals.newData + comparison.copiedData() + linked.bytes(),
        comparison.increments(),
        totals.regular,
        comparison.excluded());
  }

  private ScanTotals walk(SourceRoot source) throws IOException {
    BlockingQueue<ScanFinding> findings = new ArrayBlockingQueue<>(WAITING);
    try (Walk walk =
        new Walk(
            posix,
            source.path(),
            source.descriptor(),
            source.stat(),
            () -> new DirectoryScan(source, digests, findings, progress))) {
      walk.start(threads);
      ScanTotals totals = collect(source, walk, findings);
      walk.finish();
      return totals;
    }
  }

  /** Keeps what the threads find, until all of them have ended. */
  private ScanTotals collect(SourceRoot source, Walk walk, BlockingQueue<ScanFinding> findings)
      throws IOException {
    ScanTotals totals = new ScanTotals();
    IOException failure = null;
    int left = threads;
    while (left > 0) {
      try {
        ScanFinding finding = findings.take();
        if (finding instanceof End end) {
          totals.add(end.totals());
          left--;
        } else if (failure == null) {
          keep(source, finding);
        }
      } catch (IOException e) {
        failure = e;
        walk.stop();
      } catch (InterruptedException e) {
        failure = new InterruptedIOException("the scan was interrupted");
        walk.stop();
      }
    }
    if (failure != null) {
      if (failure instanceof InterruptedIOException) {
        Thread.currentThread().interrupt();
      }
      throw failure;
    }
    return totals;
  }

  private void keep(SourceRoot source, ScanFinding finding) throws IOException {
    if (finding instanceof Changed changed) {
      store.addChanged(
          source.index(), changed.path(), changed.known(), changed.entries(), changed.bytes());
    } else if (finding instanceof Links links) {
      long[] numbers = links.numbers();
      for (int i = 0; i < numbers.length; i += 3) {
        store.addLink(source.index(), numbers[i], numbers[i + 1], numbers[i + 2]);
      }
    }
  }
}
