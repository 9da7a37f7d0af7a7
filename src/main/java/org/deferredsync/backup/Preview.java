package org.deferredsync.backup;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.Forecast.Expiring;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.backup.TargetGround.Free;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
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
   * Plans, and logs what would expire.
   *
   * @throws BackupException if the run would be refused
   */
  public BackupReport run() throws BackupException, IOException {
    Forecast forecast = find(false);
    Optional<String> shortage = forecast.room().shortage();
    if (shortage.isPresent()) {
      throw refusal(shortage.get());
    }
    if (!forecast.hindrance().isEmpty()) {
      log.warn("Nothing would expire: {}; {}.", forecast.hindrance(), Retention.CLOCK_REMEDY);
    }
    for (Expiring expiring : forecast.expiring()) {
      log.info(
          "{}: snapshot {} would expire: {}.",
          expiring.source(),
          expiring.run(),
          expiring.reason());
    }
    return forecast.report();
  }

  /**
   * Plans, and picks out the largest changes. A run without room is no error here.
   *
   * @throws BackupException if the run would be refused for another reason
   */
  public Forecast forecast() throws BackupException, IOException {
    return find(true);
  }

  /** That a run would be refused for lack of room. */
  public BackupException refusal(String shortage) {
    return BackupException.prerequisite(
        request.target() + ": " + shortage + "; a run would write nothing, make room");
  }

  private Forecast find(boolean largest) throws BackupException, IOException {
    OpenFiles.require(engine.posix());
    Backup.checkNames(request);
    Posix posix = engine.posix();
    RequiredMounts.look(posix, request.requiredMounts()).checkTarget(request.target());
    int root = OpenTarget.openRoot(posix, request.target());
    TargetGround.Found found;
    try {
      found = new TargetGround(engine).look(request.target(), root, Backup.residents(request));
      if (found instanceof Free free) {
        String doubt = free.warning().isEmpty() ? "" : " " + free.warning();
        log.info("{}: a target would be begun here.{}", request.target(), doubt);
        try (Catalogue empty = Catalogue.temporary()) {
          return plan(root, empty, largest);
        }
      }
    } finally {
      posix.close(root);
    }
    try (TargetReader reader = TargetReader.openWithoutWriting(engine, request.target())) {
      new TargetCatalogue(engine, reader.target()).checkBelongs(reader.catalogue());
      if (!reader.pending().isEmpty()) {
        log.info("The last run would be recovered first.");
      }
      return plan(reader.target().root(), reader.catalogue(), largest);
    }
  }

  private Forecast plan(int root, Catalogue catalogue, boolean largest)
      throws BackupException, IOException {
    Instant now = engine.clock().instant();
    try (Planner planner = Planner.plan(engine, request, root, catalogue, log)) {
      LargestChanges changes = new LargestChanges(catalogue, planner.store());
      for (SourceRoot source : planner.sources()) {
        planner.judge(source, null);
        if (largest) {
          changes.look(source);
        }
      }
      LargestChanges missing = new LargestChanges(catalogue, planner.store());
      if (largest) {
        for (SourceRoot source : planner.lost()) {
          missing.lookAtRemovals(source);
        }
      }
      List<SourceReport> reports = planner.reports();
      List<Run> runs = withThisOne(catalogue.runs().list(), reports, now);
      String doubt = Retention.clockDoubt(runs);
      return new Forecast(
          new BackupReport(null, reports, doubt, catalogue.upkeep()),
          planner.room(root),
          changes.additions(),
          changes.removals(),
          missing.removals(),
          doubt.isEmpty() ? expiring(runs, now) : List.of(),
          doubt);
    }
  }

  private static List<Run> withThisOne(List<Run> runs, List<SourceReport> reports, Instant now) {
    List<Run> all = new ArrayList<>(runs);
    long next = all.isEmpty() ? 1 : all.get(all.size() - 1).id() + 1;
    List<RunSource> sources = reports.stream().map(SourceReport::result).toList();
    all.add(new Run(next, now, now, null, sources));
    return all;
  }

  /** As after a run that ends as planned: the sources that are complete then let go. */
  private List<Expiring> expiring(List<Run> runs, Instant now) {
    List<Expiring> expiring = new ArrayList<>();
    for (RunSource source : runs.get(runs.size() - 1).sources()) {
      if (source.releasesOlder()) {
        for (Decision decision :
            request
                .retention(source.source())
                .decide(source.source(), runs, now, engine.clock().getZone())) {
          if (!decision.keep()) {
            expiring.add(new Expiring(source.source(), decision.run().id(), decision.reason()));
          }
        }
      }
    }
    return expiring;
  }
}
