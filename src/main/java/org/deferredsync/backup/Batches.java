package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Pending.Operation;

/**
 * The batches of one run, one after the other: stage, barrier, commit, publish. One barrier serves
 * the publishing of a batch and the staging of the next; the operations of a batch are forgotten
 * only behind the barrier that follows them.
 */
final class Batches {
  private final Target target;
  private final Catalogue catalogue;
  private final Publisher publisher;
  private final Barrier barrier;
  private final long run;
  private final Batch.Limits limits;
  private Batch current;
  private long committed;

  Batches(
      Target target,
      Catalogue catalogue,
      Publisher publisher,
      Barrier barrier,
      long run,
      Batch.Limits limits) {
    this.target = target;
    this.catalogue = catalogue;
    this.publisher = publisher;
    this.barrier = barrier;
    this.run = run;
    this.limits = limits;
    this.current = new Batch(run, limits);
  }

  /** The batch being staged. */
  Batch current() {
    return current;
  }

  void flushIfFull() throws IOException {
    if (current.isFull()) {
      flush();
    }
  }

  /** Commits and publishes what is staged; nothing if nothing is. */
  void flush() throws IOException {
    if (current.isEmpty()) {
      return;
    }
    barrier.pass();
    long number = catalogue.generation() + 1;
    List<Operation> operations = current.operations(number);
    catalogue.transaction(
        () -> {
          catalogue.pending().clear();
          for (Batch.Rows rows : current.rows()) {
            rows.write();
          }
          catalogue.setGeneration(number);
          for (Operation operation : operations) {
            catalogue.pending().add(operation);
          }
        });
    committed++;
    target.setGeneration(number);
    publisher.publish(operations);
    current = new Batch(run, limits);
  }

  /** Flushes, and makes the last batch durable; its operations may then be forgotten. */
  void finish() throws IOException {
    flush();
    if (committed > 0) {
      barrier.pass();
    }
  }
}
