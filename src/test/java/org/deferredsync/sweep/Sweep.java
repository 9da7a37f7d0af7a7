package org.deferredsync.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The points of one kind of fault, tried one after the other: in the ordinary tests a few of them,
 * with {@code -Dsweep.full=PART} all, by several workers. A full sweep that was cut short goes on
 * where it was, keeps its figures in doc/SWEEPS.md, and fails if it met fewer points than the last
 * one there. Random choices come from the seed, which is printed and taken back by {@code
 * -Dsweep.seed=N}.
 */
public final class Sweep {
  private static final String FULL = System.getProperty("sweep.full", "");
  private static final int WORKERS = Integer.getInteger("sweep.workers", 2);
  private static final Duration LONGEST = Duration.ofMinutes(Long.getLong("sweep.minutes", 44));
  private static final int FAILURES_TOLD = 100;

  /** All parts of one process, without a word of it in doc/SWEEPS.md. */
  private static final String COVERAGE = "coverage";

  private final String part;
  private final boolean full;
  private final SweepProgress progress;
  private final long began = System.nanoTime();
  private final List<String> notes = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private boolean timeIsUp;

  private Sweep(String part) throws IOException {
    this.part = part;
    this.full =
        isForCoverage() || FULL.equals(part) || (part.startsWith(FULL + " ") && !FULL.isEmpty());
    long seed = Long.getLong("sweep.seed", new Random().nextInt(1_000_000));
    this.progress =
        full && !isForCoverage() ? SweepProgress.resume(part, seed) : SweepProgress.none(seed);
    System.out.printf("sweep %s: -Dsweep.seed=%d%n", part, seed());
  }

  /** The part with this name, of which the ordinary tests try a few points. */
  public static Sweep of(String part) throws IOException {
    return new Sweep(part);
  }

  /** Does something at a point; false if what is being tried had ended before it came to that. */
  @FunctionalInterface
  public interface Point {
    boolean meet() throws Exception;
  }

  /** The same for a numbered point, the first being 1. */
  @FunctionalInterface
  public interface NumberedPoint {
    boolean meet(int number) throws Exception;
  }

  /** A series of points that shares nothing with any other. */
  @FunctionalInterface
  public interface Series {
    void run() throws Exception;
  }

  /** Whether all points are tried. */
  public boolean isFull() {
    return full;
  }

  /** Whether it is the branches taken that count: one point is enough for each place then. */
  public static boolean isForCoverage() {
    return FULL.equals(COVERAGE);
  }

  public long seed() {
    return progress.seed();
  }

  /** Random choices that are the same each time for the same seed and name. */
  public Random random(String name) {
    return new Random(seed() * 31 + name.hashCode());
  }

  /** How many: in a full sweep, or in the ordinary tests. */
  public int count(int inFull, int usual) {
    return Integer.getInteger("sweep.count", full ? inFull : usual);
  }

  /** Says something that is to stand beside the figures. */
  public synchronized void note(String text) {
    notes.add(text);
    System.out.printf("sweep %s: %s%n", part, text);
  }

  /** Meets the points from {@code first} on, each {@code usualStep}-th, until one is not met. */
  public void loop(String name, int first, int usualStep, NumberedPoint point) {
    int step = full ? 1 : usualStep;
    int number = first + (step == 1 ? 0 : random(name).nextInt(step));
    boolean met = true;
    while (met) {
      int at = number;
      met = meet(name + " " + at, () -> point.meet(at));
      number += step;
    }
  }

  /** Meets a point, unless it has been met before; what it throws is kept for the end. */
  public boolean meet(String name, Point point) {
    return meetMany(name, () -> point.meet() ? 1 : 0) > 0;
  }

  /** Several points in a chain, which only together are done. */
  @FunctionalInterface
  public interface Chain {
    int meet() throws Exception;
  }

  /** Meets the points of a chain, unless all of them have been met before. */
  public int meetMany(String name, Chain chain) {
    synchronized (this) {
      Integer before = progress.before(name);
      if (before != null) {
        return before;
      }
      timeIsUp |= full && System.nanoTime() - began > LONGEST.toNanos();
      if (timeIsUp || failures.size() >= FAILURES_TOLD) {
        return 0;
      }
    }
    try {
      int met = chain.meet();
      progress.note(name, met);
      return met;
    } catch (Exception | AssertionError e) {
      failed(name, e);
      return 1;
    }
  }

  private synchronized void failed(String name, Throwable cause) {
    System.out.printf("sweep %s: %s: %s%n", part, name, cause);
    for (Throwable below = cause.getCause(); below != null; below = below.getCause()) {
      System.out.printf("  because of %s%n", below);
    }
    failures.add(new AssertionError(part + ": " + name + " -Dsweep.seed=" + seed(), cause));
    progress.failed(name);
  }

  /** Runs the series, in a full sweep side by side. */
  public void run(List<Series> all) throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(full ? WORKERS : 1);
    try {
      List<Future<?>> results = new ArrayList<>();
      for (Series series : all) {
        results.add(
            workers.submit(
                () -> {
                  series.run();
                  return null;
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    } finally {
      workers.shutdownNow();
    }
  }

  /**
   * Prints the figures and keeps those of a full sweep.
   *
   * @param atLeast how many points there have to be in the ordinary tests
   */
  public synchronized void end(int atLeast) throws IOException {
    int points = progress.points();
    Duration time = progress.time().plusNanos(System.nanoTime() - began);
    System.out.printf(
        "sweep %s: %d points, %d failed, %d s, -Dsweep.seed=%d%n",
        part, points, progress.failures(), time.toSeconds(), seed());
    if (!failures.isEmpty()) {
      AssertionError error =
          new AssertionError(
              failures.size() + " points failed, the first: " + failures.get(0).getMessage());
      failures.forEach(error::addSuppressed);
      progress.spent(time);
      throw error;
    }
    if (full && timeIsUp) {
      progress.spent(time);
      throw new AssertionError(
          "the time is up after " + points + " points; the same command goes on from here");
    }
    assertThat(points).as("points").isGreaterThanOrEqualTo(atLeast);
    if (full && !isForCoverage()) {
      SweepFigures.keep(part, seed(), points, time, notes);
      progress.forget();
    }
  }
}
