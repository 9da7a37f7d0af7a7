package org.deferredsync.backup;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * Lets snapshots expire as part of a run: by source, only after a run in which it was complete, and
 * only by a clock that can be believed. Puts itself off while somebody reads the target.
 */
final class Expirer {
  private final Engine engine;
  private final BackupRequest request;
  private final Target target;
  private final Catalogue catalogue;
  private final Pruner pruner;
  private final Logger log;

  Expirer(Engine engine, BackupRequest request, OpenTarget open, Pruner pruner, Logger log) {
    this.engine = engine;
    this.request = request;
    this.target = open.target();
    this.catalogue = open.catalogue();
    this.pruner = pruner;
    this.log = log;
  }

  /** Expires what the last run has released already; for a target that is short of room. */
  void expireBeforeRun(Instant now) throws IOException {
    List<Run> runs = catalogue.runs().list();
    if (!runs.isEmpty()) {
      Run last = runs.get(runs.size() - 1);
      expire(runs, last.sources(), Retention.clockDoubt(last.started(), now), now);
    }
  }

  /**
   * Expires what the run that has just ended releases, by the time at which it began: what the
   * clock has done since, nobody has judged. Answers why the clock is in doubt, or "".
   */
  String expireAfterRun(List<RunSource> results) throws IOException {
    List<Run> runs = catalogue.runs().list();
    String doubt = Retention.clockDoubt(runs);
    expire(runs, results, doubt, runs.get(runs.size() - 1).started());
    return doubt;
  }

  private void expire(List<Run> runs, List<RunSource> sources, String doubt, Instant now)
      throws IOException {
    if (!doubt.isEmpty()) {
      log.warn("Nothing expires: {}; {}.", doubt, Retention.CLOCK_REMEDY);
      return;
    }
    Optional<PruneLock> lock = PruneLock.tryTake(engine.posix(), target);
    if (lock.isEmpty()) {
      log.info("Nothing expires in this run: somebody is reading the target.");
      return;
    }
    try {
      expire(runs, sources, now);
    } finally {
      lock.get().close();
    }
  }

  private void expire(List<Run> runs, List<RunSource> sources, Instant now) throws IOException {
    for (RunSource source : sources) {
      if (source.releasesOlder()) {
        List<Decision> decisions =
            request
                .retention(source.source())
                .decide(source.source(), runs, now, engine.clock().getZone());
        logExpired(source, decisions);
        pruner.expire(source.source(), decisions);
      } else if (source.state() == SourceState.COMPLETE) {
        log.info(
            "{}: nothing of it expires until the change of its contents is approved.",
            source.source());
      } else {
        log.info(
            "{}: nothing of it expires after a run in which it was {}.",
            source.source(),
            source.state().word());
      }
    }
    long deleted = pruner.deleteMarked();
    if (deleted > 0) {
      log.info("{} of expired snapshots deleted.", Quantity.of(deleted, "file"));
    }
    pruner.removeEmptyIncrements();
  }

  private void logExpired(RunSource source, List<Decision> decisions) {
    for (Decision decision : decisions) {
      if (!decision.keep()) {
        log.info(
            "{}: snapshot {} expires: {}.",
            source.source(),
            decision.run().id(),
            decision.reason());
      }
    }
  }
}
