package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One thread that does tasks in the order in which they are given, beside the one that gives them.
 * After a task has failed no further one is done; the failure comes out of the next call.
 */
final class Worker implements AutoCloseable {
  private final BlockingQueue<List<Task>> tasks;
  private final int together;
  private List<Task> gathered = new ArrayList<>();
  private final Thread thread;
  private volatile @Nullable Throwable failure;
  private volatile boolean ended;

  /** What the thread does. */
  interface Task {
    void run() throws IOException;
  }

  /**
   * @param together how many tasks are handed over at once: to wake a thread takes longer than most
   *     of them
   * @param waiting how many such lots may wait before giving another one waits too
   */
  Worker(String name, int together, int waiting) {
    this.together = together;
    tasks = new ArrayBlockingQueue<>(waiting);
    thread = new Thread(this::work, name);
    thread.setDaemon(true);
    thread.start();
  }

  @SuppressWarnings("Interruption") // close() alone interrupts
  private void work() {
    try {
      while (!ended) {
        for (Task task : tasks.take()) {
          task.run();
        }
      }
    } catch (InterruptedException e) {
      ended = true;
    } catch (Throwable e) { // whatever it is, the giving thread has to know
      failure = e;
    }
  }

  /**
   * Gives a task; waits where too many are waiting. It may be begun no earlier than {@link #drain}.
   *
   * @throws IOException if an earlier one failed
   */
  void give(Task task) throws IOException {
    gathered.add(task);
    if (gathered.size() >= together) {
      handOver();
    }
  }

  private void handOver() throws IOException {
    List<Task> lot = gathered;
    gathered = new ArrayList<>(together);
    try {
      check();
      while (!tasks.offer(lot, 50, TimeUnit.MILLISECONDS)) {
        check();
      }
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /**
   * Returns when all tasks given so far are done.
   *
   * @throws IOException if one of them failed
   */
  void drain() throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    give(done::countDown);
    handOver();
    try {
      while (!done.await(50, TimeUnit.MILLISECONDS)) {
        check();
      }
    } catch (InterruptedException e) {
      throw interrupted();
    }
    check();
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new IOException("ended from outside while it was at work");
  }

  private void check() throws IOException {
    Throwable cause = failure;
    if (cause instanceof IOException e) {
      throw e;
    }
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
  }

  /** Ends the thread once it is done with the task at hand; those that wait are dropped. */
  @Override
  public void close() {
    ended = true;
    tasks.clear();
    tasks.add(List.of());
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
