package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.SourceGround.Ground;
import org.deferredsync.backup.SourceGround.Skipped;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Space;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * One run of the backup: brings the mirror up to date with the sources, keeps what that displaces,
 * and lets go of what has expired. Whatever stops it, what was committed stays and the next run
 * goes on from there.
 */
public final class Backup {
  private static final long BLOCK = 4096;
  private static final int FEW = 100;

  private final Engine engine;
  private final BackupRequest request;
  private final Logger log;
  private final Map<Integer, SourceReport> reports = new TreeMap<>();

  public Backup(Engine engine, BackupRequest request, Logger log) {
    this.engine = engine;
    this.request = request;
    this.log = log;
  }

  /**
   * Runs.
   *
   * @throws BackupException if nothing could be done, or the work had to stop
   * @throws IOException if the target or the system failed
   */
  public BackupReport run() throws BackupException, IOException {
    checkNames();
    Instant started = engine.clock().instant();
    try (OpenTarget open = OpenTarget.open(engine, request.target(), lastNames(), log)) {
      return run(open, started);
    }
  }

  private void checkNames() throws BackupException {
    for (Source source : request.sources()) {
      if (!source.path().isRoot()) {
        String first = new String(source.path().names().get(0), StandardCharsets.ISO_8859_1);
        if (first.equals(Target.OWN) || IncrementName.parse(first).isPresent()) {
          throw BackupException.prerequisite(
              "BACKUPDIRS: " + source.path() + " has the name of something in the target; move it");
        }
      }
    }
  }

  private List<String> lastNames() {
    return request.sources().stream()
        .filter(source -> !source.path().isRoot())
        .map(source -> new String(source.path().name(), StandardCharsets.ISO_8859_1))
        .toList();
  }

  private BackupReport run(OpenTarget open, Instant started) throws BackupException, IOException {
    Posix posix = engine.posix();
    Target target = open.target();
    Catalogue catalogue = open.catalogue();
    Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
    int staging = target.openStaging();
    try {
      Publisher publisher = new Publisher(posix, target, catalogue, barrier, staging);
      new Recovery(posix, target, catalogue, publisher, barrier, staging, log).recover();
      SourceGround sourceGround = new SourceGround(posix, engine.clock(), log);
      Ground ground = sourceGround.open(request.sources(), request.target(), target.root());
      try (PlanStore store = PlanStore.open()) {
        for (Skipped skipped : ground.skipped()) {
          hold(skipped.index(), skipped.path(), skipped.reason(), Verdict.PREREQUISITE);
        }
        Map<Integer, Plan> plans = scan(ground, sourceGround, catalogue, store);
        Pruner pruner = new Pruner(posix, target, catalogue, barrier);
        checkSpace(target, plans.values());
        long run = begin(catalogue, started, ground, plans);
        apply(open, ground, plans, store, staging, publisher, barrier, run, started);
        end(catalogue, run);
        prune(pruner, catalogue, run);
        catalogue.checkpoint();
        return new BackupReport(run, List.copyOf(reports.values()));
      } finally {
        for (SourceRoot root : ground.open()) {
          root.close(posix);
        }
      }
    } finally {
      posix.close(staging);
    }
  }

  private void hold(int index, FilePath source, String reason, Verdict verdict) {
    log.warn("{}: {}. Its mirror and history stay as they are.", source, reason);
    reports.put(
        index,
        new SourceReport(
            new RunSource(source, SourceState.HELD, reason, Counts.NONE, false), verdict));
  }

  /** Scans the sources that can be believed; the others are held. */
  private Map<Integer, Plan> scan(
      Ground ground, SourceGround sourceGround, Catalogue catalogue, PlanStore store)
      throws IOException {
    List<FilePath> paths = ground.open().stream().map(SourceRoot::path).toList();
    Map<Integer, Plan> plans = new HashMap<>();
    for (SourceRoot source : ground.open()) {
      Optional<String> doubt = sourceGround.doubt(source, catalogue);
      if (doubt.isPresent()) {
        hold(source.index(), source.path(), doubt.get(), Verdict.PREREQUISITE);
        continue;
      }
      Plan plan = new Scanner(catalogue, store, paths).scan(source);
      if (plan.counts().files() == 0
          && plan.counts().directories() == 1
          && plan.counts().removed() > 0) {
        hold(
            source.index(),
            source.path(),
            "is empty and was not; if that is meant, put a file into it",
            Verdict.FAILED);
        continue;
      }
      plans.put(source.index(), plan);
    }
    return plans;
  }

  private void checkSpace(Target target, Iterable<Plan> plans) throws BackupException, IOException {
    long bytes = 0;
    long files = 0;
    for (Plan plan : plans) {
      bytes += plan.counts().copiedBytes() + plan.newFiles() * BLOCK;
      files += plan.newFiles() + plan.counts().removed();
    }
    Space space = engine.posix().space(target.root());
    if (bytes > space.freeBytes()) {
      throw BackupException.prerequisite(
          request.target()
              + ": "
              + Sizes.text(bytes)
              + " needed, "
              + Sizes.text(space.freeBytes())
              + " free; "
              + Sizes.text(bytes - space.freeBytes())
              + " short; nothing was written");
    }
    if (files > space.freeInodes()) {
      throw BackupException.prerequisite(
          request.target()
              + ": "
              + files
              + " inodes needed, "
              + space.freeInodes()
              + " free; nothing was written");
    }
  }

  /** From here on the run is in the catalogue, as interrupted until it ends. */
  private long begin(Catalogue catalogue, Instant started, Ground ground, Map<Integer, Plan> plans)
      throws IOException {
    long[] run = new long[1];
    catalogue.transaction(
        () -> {
          run[0] = catalogue.runs().begin(started);
          for (SourceRoot source : ground.open()) {
            if (plans.containsKey(source.index())) {
              catalogue
                  .runs()
                  .setSource(
                      run[0],
                      new RunSource(
                          source.path(),
                          SourceState.INTERRUPTED,
                          "the run did not end",
                          Counts.NONE,
                          false));
            }
          }
          for (SourceReport report : reports.values()) {
            catalogue.runs().setSource(run[0], report.result());
          }
        });
    return run[0];
  }

  private void apply(
      OpenTarget open,
      Ground ground,
      Map<Integer, Plan> plans,
      PlanStore store,
      int staging,
      Publisher publisher,
      Barrier barrier,
      long run,
      Instant started)
      throws IOException {
    Target target = open.target();
    Catalogue catalogue = open.catalogue();
    Batches batches = new Batches(target, catalogue, publisher, barrier, run);
    List<FilePath> paths = ground.open().stream().map(SourceRoot::path).toList();
    Map<Integer, Tally> tallies = new HashMap<>();
    List<Applier> appliers = new ArrayList<>();
    try (Increment increment = new Increment(engine.posix(), target, catalogue, run, started)) {
      Stager stager = new Stager(engine.posix(), engine.clock(), barrier, staging, run);
      Displacer displacer =
          new Displacer(engine.posix(), engine.clock(), target, catalogue, increment, run);
      long nowNs = started.toEpochMilli() * 1_000_000;
      for (SourceRoot source : ground.open()) {
        if (!plans.containsKey(source.index())) {
          continue;
        }
        Tally tally = new Tally();
        tallies.put(source.index(), tally);
        TreeRemover remover =
            new TreeRemover(target, catalogue, displacer, batches, source.problems(), tally, run);
        EntryApplier entries =
            new EntryApplier(
                engine.posix(),
                catalogue,
                store,
                source,
                target,
                stager,
                displacer,
                remover,
                batches,
                tally,
                new RowWriter(catalogue, batches, run, nowNs));
        appliers.add(new Applier(catalogue, store, source, paths, batches, entries, remover));
      }
      for (Applier applier : appliers) {
        applier.apply();
      }
      for (Applier applier : appliers) {
        applier.remove();
      }
      batches.finish();
    }
    for (SourceRoot source : ground.open()) {
      Tally tally = tallies.get(source.index());
      Plan plan = plans.get(source.index());
      if (tally != null && plan != null) {
        judge(source, tally.with(plan.counts()));
      }
    }
  }

  private void judge(SourceRoot source, Counts counts) throws IOException {
    Problems problems = source.problems();
    List<String> reasons = new ArrayList<>();
    boolean partial = false;
    if (problems.unreadable() > 0) {
      partial = true;
      reasons.add(problems.unreadable() + " paths could not be read and keep their last version");
    }
    if (problems.vanished() > Math.max(FEW, counts.files() / 100)) {
      partial = true;
      reasons.add(problems.vanished() + " paths went away while the source was read");
    }
    if (problems.inconsistent() > 0) {
      reasons.add(problems.inconsistent() + " files were being written while they were read");
    }
    if (problems.unknown() > 0) {
      reasons.add(problems.unknown() + " paths of the mirror were not as the last run left them");
    }
    if (engine.posix().stat(source.descriptor()).nlink() == 0) {
      partial = true;
      reasons.add("the source went away during the run");
    }
    SourceState state = partial ? SourceState.PARTIAL : SourceState.COMPLETE;
    reports.put(
        source.index(),
        new SourceReport(
            new RunSource(source.path(), state, String.join("; ", reasons), counts, false),
            reasons.isEmpty() ? Verdict.GOOD : Verdict.FAILED));
  }

  private void end(Catalogue catalogue, long run) throws IOException {
    Instant ended = engine.clock().instant();
    catalogue.transaction(
        () -> {
          catalogue.pending().clear();
          for (SourceReport report : reports.values()) {
            catalogue.runs().setSource(run, report.result());
          }
          catalogue.runs().end(run, ended);
        });
  }

  private void prune(Pruner pruner, Catalogue catalogue, long run) throws IOException {
    List<Run> runs = catalogue.runs().list();
    String doubt = Retention.clockDoubt(runs);
    if (!doubt.isEmpty()) {
      log.warn("Nothing expires in this run: {}.", doubt);
      return;
    }
    Set<FilePath> allSources = Pruner.sourcesOf(runs);
    long deleted = 0;
    for (SourceReport report : reports.values()) {
      RunSource source = report.result();
      if (source.state() == SourceState.COMPLETE) {
        deleted +=
            pruner.prune(
                source.source(),
                request.retention().decide(source.source(), runs, engine.clock().instant()),
                allSources);
      } else {
        log.info(
            "{}: nothing of it expires after a run in which it was {}.",
            source.source(),
            source.state().word());
      }
    }
    if (deleted > 0) {
      log.info("{} files of expired snapshots deleted.", deleted);
    }
    pruner.removeEmptyIncrements(run);
  }
}
