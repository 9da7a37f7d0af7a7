package org.deferredsync.backup;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

/**
 * Says when a target will be full if all goes on as it did: each source copies as much a day as its
 * last complete runs did, and once runs expire, as much of the history goes a day as a day of it
 * has. Pure.
 */
final class FillForecast {
  /** How many complete runs of a source count. */
  static final int RUNS = 30;

  /** With fewer there is nothing to go by: the first one copies everything. */
  static final int LEAST = 3;

  private static final double DAY = Duration.ofDays(1).toSeconds();

  private FillForecast() {}

  /** A complete run of one source and the bytes that it copied. */
  record Copied(Instant at, long bytes) {}

  /**
   * What expires.
   *
   * @param bytes of the history
   * @param since when the oldest run began that is not expired
   * @param expiring whether any run is expired yet
   */
  record History(long bytes, Instant since, boolean expiring) {}

  /**
   * Days until the target is full.
   *
   * @param sources the complete runs of each source that is still backed up, oldest first; of a
   *     source with fewer than {@link #LEAST}, or all within a day, nothing is known and nothing
   *     counted
   * @param free bytes
   * @return empty if no source has enough runs, or nothing grows
   */
  static OptionalLong days(List<List<Copied>> sources, History history, Instant now, long free) {
    double growth = 0;
    for (List<Copied> runs : sources) {
      growth += growth(runs);
    }
    double days = days(Duration.between(history.since(), now));
    if (history.expiring() && days > 0) {
      growth -= history.bytes() / days;
    }
    return growth < 1 ? OptionalLong.empty() : OptionalLong.of((long) (free / growth));
  }

  /** Bytes a day since the first of these runs, whose own copying was before that. */
  private static double growth(List<Copied> runs) {
    List<Copied> last = runs.subList(Math.max(0, runs.size() - RUNS), runs.size());
    if (last.size() < LEAST) {
      return 0;
    }
    double days = days(Duration.between(last.get(0).at(), last.get(last.size() - 1).at()));
    long bytes = last.stream().skip(1).mapToLong(Copied::bytes).sum();
    return days < 1 ? 0 : bytes / days; // a day of some hours is none to go by
  }

  private static double days(Duration duration) {
    return duration.toSeconds() / DAY;
  }
}
