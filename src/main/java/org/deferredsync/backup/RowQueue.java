package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.catalogue.Catalogue;

/**
 * The transaction of the batch under way. A thread of its own fills it while the next entries are
 * still being staged; nobody else uses the writing connection meanwhile, and what is in it is seen
 * by nobody before it is committed.
 */
final class RowQueue implements AutoCloseable {
  private static final int TOGETHER = 200;
  private static final int WAITING = 10;

  private final Catalogue catalogue;
  private final Worker worker;
  private boolean begun;

  /** Writes rows within a transaction. */
  interface Rows {
    void write(Catalogue catalogue) throws IOException;
  }

  /**
   * @param catalogue the writing connection
   */
  RowQueue(Catalogue catalogue) {
    this.catalogue = catalogue;
    this.worker = new Worker("catalogue", TOGETHER, WAITING);
  }

  /**
   * Adds rows to the transaction.
   *
   * @throws IOException if earlier ones could not be written: then the batch must not be committed
   */
  void add(Rows rows) throws IOException {
    if (!begun) {
      worker.give(catalogue::begin);
      begun = true;
    }
    worker.give(() -> rows.write(catalogue));
  }

  /** Returns when all that was added is written. */
  void drain() throws IOException {
    worker.drain();
  }

  /** Commits all that was added; returns when that is done. */
  void commit() throws IOException {
    worker.give(catalogue::commit);
    worker.drain();
    begun = false;
  }

  /** Ends the thread. What was added and not committed goes when the connection is closed. */
  @Override
  public void close() {
    worker.close();
  }
}
