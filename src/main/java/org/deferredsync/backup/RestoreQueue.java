package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.deferredsync.backup.RestoreStep.Data;
import org.jspecify.annotations.Nullable;

/**
 * Hands steps over, many at a time, to the one thread that writes, which it starts and ends. Holds
 * a few MiB at most: the faster side waits for the other.
 */
final class RestoreQueue implements AutoCloseable {
  private static final int STEPS = 128;
  private static final int BYTES = 512 << 10;
  private static final int BATCHES = 8;
  private static final List<RestoreStep> END = List.of();

  private final BlockingQueue<List<RestoreStep>> queue = new ArrayBlockingQueue<>(BATCHES);
  private final Thread thread;
  private volatile @Nullable Throwable failure;
  private List<RestoreStep> batch = new ArrayList<>(STEPS);
  private int bytes;
  private boolean ended;

  /** Carries one step out. */
  interface Worker {
    void apply(RestoreStep step) throws IOException;
  }

  RestoreQueue(Worker worker) {
    thread = new Thread(() -> work(worker), "restore-writer");
    thread.setDaemon(true);
    thread.start();
  }

  private void work(Worker worker) {
    try {
      while (true) {
        List<RestoreStep> next = queue.take();
        if (next == END) {
          return;
        }
        for (RestoreStep step : next) {
          worker.apply(step);
        }
      }
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      failure = e;
    }
  }

  /**
   * Adds a step.
   *
   * @throws IOException what the writer failed with
   */
  void add(RestoreStep step) throws IOException {
    batch.add(step);
    if (step instanceof Data data) {
      bytes += data.length();
    }
    if (batch.size() >= STEPS || bytes >= BYTES) {
      flush();
    }
  }

  private void flush() throws IOException {
    put(batch);
    batch = new ArrayList<>(STEPS);
    bytes = 0;
  }

  private void put(List<RestoreStep> steps) throws IOException {
    try {
      while (!queue.offer(steps, 100, TimeUnit.MILLISECONDS)) {
        check();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    check();
  }

  private void check() throws IOException {
    Throwable thrown = failure;
    if (thrown instanceof IOException e) {
      throw e;
    }
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    if (thrown != null) {
      throw new IOException(thrown);
    }
  }

  /** Hands over what is left and waits until all is done. */
  void end() throws IOException {
    flush();
    put(END);
    ended = true;
    join();
    check();
  }

  /** Waits for the thread whatever comes: until it has ended, what it works with is its own. */
  private void join() {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the thread, also half-way. */
  @Override
  public void close() {
    if (!ended) {
      thread.interrupt();
      join();
    }
  }
}
