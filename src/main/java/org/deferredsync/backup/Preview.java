package org.deferredsync.backup;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.backup.TargetGround.Free;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * What a run would do, found in the same way and not done: nothing is written, in the target or
 * beside it.
 */
public final class Preview {
  private final Engine engine;
  private final BackupRequest request;
  private final Logger log;

  public Preview(Engine engine, BackupRequest request, Logger log) {
    this.engine = engine;
    this.request = request;
    this.log = log;
  }

  /**
   * Plans.
   *
   * @throws BackupException if the run would be refused
   */
  public BackupReport run() throws BackupException, IOException {
    Backup.checkNames(request);
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, request.target());
    TargetGround.Found found;
    try {
      found =
          new TargetGround(posix, engine.registry(), engine.fstab())
              .look(request.target(), root, Backup.lastNames(request));
      if (found instanceof Free free) {
        log.info("{}: a target would be begun here. {}", request.target(), free.warning());
        try (Catalogue empty = Catalogue.temporary()) {
          return plan(root, empty);
        }
      }
    } finally {
      posix.close(root);
    }
    try (TargetReader reader = TargetReader.openWithoutWriting(engine, request.target())) {
      OpenTarget.checkBelongs(engine, reader.target(), reader.catalogue());
      if (!reader.pending().isEmpty()) {
        log.info("The last run would be recovered first.");
      }
      return plan(reader.target().root(), reader.catalogue());
    }
  }

  private BackupReport plan(int root, Catalogue catalogue) throws BackupException, IOException {
    Instant now = engine.clock().instant();
    try (Planner planner = Planner.plan(engine, request, root, catalogue, log)) {
      var shortage = planner.shortage(root);
      if (shortage.isPresent()) {
        throw BackupException.prerequisite(
            request.target() + ": " + shortage.get() + "; a run would write nothing, make room");
      }
      for (SourceRoot source : planner.sources()) {
        planner.judge(source, null);
      }
      expire(catalogue, planner.reports(), now);
      return new BackupReport(null, planner.reports());
    }
  }

  private void expire(Catalogue catalogue, List<SourceReport> reports, Instant now)
      throws IOException {
    List<Run> runs = new ArrayList<>(catalogue.runs().list());
    long next = runs.isEmpty() ? 1 : runs.get(runs.size() - 1).id() + 1;
    List<RunSource> sources = reports.stream().map(SourceReport::result).toList();
    runs.add(new Run(next, now, now, null, sources));
    String doubt = Retention.clockDoubt(runs);
    if (!doubt.isEmpty()) {
      log.warn("Nothing would expire: {}; set the clock right.", doubt);
      return;
    }
    for (RunSource source : sources) {
      if (source.state() == SourceState.COMPLETE) {
        for (Decision decision :
            request.retention().decide(source.source(), runs, now, engine.clock().getZone())) {
          if (!decision.keep()) {
            log.info(
                "{}: snapshot {} would expire: {}.",
                source.source(),
                decision.run().id(),
                decision.reason());
          }
        }
      }
    }
  }
}
