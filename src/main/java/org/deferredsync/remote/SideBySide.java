package org.deferredsync.remote;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Several tasks of which some run at once, in threads that end with it. When the caller is
 * interrupted so are they, and they have ended when it learns of that.
 */
public final class SideBySide {
  private static final long GRACE_SECONDS = 8;

  private SideBySide() {}

  /**
   * Runs all of them, and answers what they answer in their order.
   *
   * @param atOnce how many run at the same time
   * @throws IOException if one of them did; the others have ended
   */
  public static <T> List<T> run(int atOnce, List<Callable<T>> tasks)
      throws IOException, InterruptedException {
    if (tasks.isEmpty()) {
      return List.of();
    }
    ExecutorService threads = Executors.newFixedThreadPool(Math.min(atOnce, tasks.size()));
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(tasks)) {
        try {
          results.add(future.get());
        } catch (ExecutionException e) {
          if (e.getCause() instanceof InterruptedException) {
            throw new InterruptedException();
          } else if (e.getCause() instanceof IOException failure) {
            throw failure;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
      return results;
    } finally {
      threads.shutdownNow();
      boolean interrupted = Thread.interrupted();
      threads.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
