package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.snapshot.Run;

/**
 * The batches of one run, one after the other: stage, barrier, commit, publish. One barrier serves
 * the publishing of a batch and the staging of the next; the operations of a batch are forgotten
 * only behind the barrier that follows them.
 */
final class Batches implements AutoCloseable {
  private final Target target;
  private final Publisher publisher;
  private final Barrier barrier;
  private final Stager stager;
  private final RowQueue rows;
  private final ManifestWriter manifest;
  private final Run run;
  private final Batch.Limits limits;
  private Batch current;
  private long generation;
  private long committed;

  /**
   * @param catalogue the writing connection; nobody else uses it until the batches are closed
   */
  Batches(
      Target target,
      Catalogue catalogue,
      Publisher publisher,
      Barrier barrier,
      Stager stager,
      ManifestWriter manifest,
      Run run,
      Batch.Limits limits)
      throws IOException {
    this.target = target;
    this.publisher = publisher;
    this.barrier = barrier;
    this.stager = stager;
    this.manifest = manifest;
    this.run = run;
    this.limits = limits;
    this.generation = catalogue.generation();
    this.rows = new RowQueue(catalogue);
    this.current = next();
  }

  private Batch next() {
    manifest.begin(generation + 1, run);
    return new Batch(run.id(), limits, rows);
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
    stager.drain();
    long number = generation + 1;
    List<Operation> operations = current.operations(number);
    rows.add(
        catalogue -> {
          manifest.finish(operations, barrier::written);
          catalogue.pending().clear();
          catalogue.setGeneration(number);
          for (Operation operation : operations) {
            catalogue.pending().add(operation);
          }
        });
    rows.drain();
    barrier.pass();
    rows.commit();
    generation = number;
    committed++;
    target.setGeneration(number);
    publisher.publish(operations);
    current = next();
  }

  /** Flushes, and makes the last batch durable; its operations may then be forgotten. */
  void finish() throws IOException {
    flush();
    if (committed > 0) {
      barrier.pass();
    }
  }

  @Override
  public void close() {
    rows.close();
  }
}
