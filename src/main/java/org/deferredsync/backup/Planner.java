package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
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
import org.deferredsync.catalogue.GoneEntries;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Space;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * Finds out what a run has to do: opens the sources, holds back those that cannot be believed,
 * scans the others. Changes nothing; a run and its preview share it.
 */
final class Planner implements AutoCloseable {
  private static final long BLOCK = 4096;
  private static final int FEW = 100;

  /** Measured on two cores, where more gain nothing; a disk that has to be read has more to do. */
  private static final int SCAN_THREADS = 4;

  private final Posix posix;
  private final Logger log;
  private final PlanStore store;
  private final Ground ground;
  private final Map<Integer, Plan> scanned = new HashMap<>();
  private final Map<Integer, Plan> plans = new HashMap<>();
  private final Map<Integer, SourceReport> reports = new TreeMap<>();

  private Planner(Posix posix, Logger log, PlanStore store, Ground ground) {
    this.posix = posix;
    this.log = log;
    this.store = store;
    this.ground = ground;
  }

  /** Makes the plan. */
  static Planner plan(
      Engine engine, BackupRequest request, int targetRoot, Catalogue catalogue, Logger log)
      throws BackupException, IOException {
    SourceGround sourceGround = new SourceGround(engine.posix(), engine.clock(), log);
    Ground ground =
        sourceGround.open(
            request.sources(),
            request.target(),
            targetRoot,
            formerSources(catalogue),
            catalogue.entries().mountRoots());
    Planner planner = new Planner(engine.posix(), log, PlanStore.open(), ground);
    try {
      for (Skipped skipped : ground.skipped()) {
        planner.hold(skipped.index(), skipped.path(), skipped.reason(), Verdict.PREREQUISITE);
      }
      Scanner scanner =
          new Scanner(
              engine.posix(),
              catalogue,
              planner.store,
              catalogue.directories().digests(),
              SCAN_THREADS,
              engine.progress());
      engine.progress().begin(Phase.SCAN, Progress.UNKNOWN, Progress.UNKNOWN);
      try {
        for (SourceRoot source : ground.open()) {
          planner.scan(source, sourceGround, catalogue, scanner);
        }
        planner.searchMoves(catalogue);
      } finally {
        engine.progress().end();
      }
      planner.countMoves();
      return planner;
    } catch (IOException | RuntimeException e) {
      planner.close();
      throw e;
    }
  }

  private static Set<FilePath> formerSources(Catalogue catalogue) throws IOException {
    Set<FilePath> sources = new HashSet<>();
    for (Run run : catalogue.runs().list()) {
      run.sources().forEach(source -> sources.add(source.source()));
    }
    return sources;
  }

  private void scan(
      SourceRoot source, SourceGround sourceGround, Catalogue catalogue, Scanner scanner)
      throws IOException {
    Optional<String> doubt = sourceGround.doubt(source, catalogue);
    if (doubt.isPresent()) {
      hold(source.index(), source.path(), doubt.get(), Verdict.PREREQUISITE);
      return;
    }
    Plan plan = scanner.scan(source);
    boolean empty = plan.counts().files() == 0 && plan.counts().directories() == 1;
    if (empty && plan.counts().removed() > 0) {
      hold(
          source.index(),
          source.path(),
          "is empty and was not; if that is meant, put a file into it",
          Verdict.FAILED);
      return;
    }
    scanned.put(source.index(), plan);
    plans.put(source.index(), plan);
  }

  /** Worth its while only where something is gone and something came. */
  private void searchMoves(Catalogue catalogue) throws IOException {
    Counts all = plans.values().stream().map(Plan::counts).reduce(Counts.NONE, Counts::plus);
    if (all.removed() > 0 && all.added() + all.changed() + all.metadata() > 0) {
      new MoveSearch(catalogue, store).search(sources());
    }
  }

  /**
   * Counts what moved as neither added nor removed, as far as both sources are to be applied: to be
   * called again when one of them is not any more.
   */
  void countMoves() throws IOException {
    plans.replaceAll((index, plan) -> scanned.getOrDefault(index, plan));
    for (GoneEntries.Moves moves : store.gone().moves()) {
      if (plans.containsKey(moves.from()) && plans.containsKey(moves.to())) {
        plans.computeIfPresent(moves.from(), (index, plan) -> plan.withMovesOut(moves.files()));
        plans.computeIfPresent(moves.to(), (index, plan) -> plan.withMovesIn(moves));
      }
    }
  }

  private void hold(int index, FilePath source, String reason, Verdict verdict) {
    log.warn("{}: {}. Its mirror and history stay as they are.", source, reason);
    reports.put(
        index,
        new SourceReport(
            new RunSource(source, SourceState.HELD, reason, Counts.NONE, false), verdict));
  }

  /** The sources to be applied. */
  List<SourceRoot> sources() {
    return ground.open().stream().filter(source -> plans.containsKey(source.index())).toList();
  }

  PlanStore store() {
    return store;
  }

  /** What became of the sources so far, in the order of the configuration. */
  List<SourceReport> reports() {
    return List.copyOf(reports.values());
  }

  /** Those of them that the catalogue is to keep: a nested source is part of the one around it. */
  List<RunSource> results() {
    Set<Integer> nested = new HashSet<>();
    ground.skipped().stream()
        .filter(Skipped::nested)
        .forEach(skipped -> nested.add(skipped.index()));
    return reports.entrySet().stream()
        .filter(report -> !nested.contains(report.getKey()))
        .map(report -> report.getValue().result())
        .toList();
  }

  /**
   * What the target lacks for the plan, in words; empty if there is room.
   *
   * @param reserved bytes that are free and must not be counted on
   */
  Optional<String> shortage(int targetRoot, long reserved) throws IOException {
    return room(targetRoot).without(reserved).shortage();
  }

  /** What the plan needs, and what the target has. */
  Room room(int targetRoot) throws IOException {
    long bytes = 0;
    long files = 0;
    for (Plan plan : plans.values()) {
      bytes += plan.newData() + (plan.newFiles() + plan.newInIncrement()) * BLOCK;
      files += plan.newFiles() + plan.newInIncrement();
    }
    Space space = posix.space(targetRoot);
    return new Room(bytes, space.freeBytes(), files, space.freeInodes());
  }

  /** Begins the phase that carries the plan out. */
  void beginCopying(Progress progress) {
    long bytes = 0;
    long files = 0;
    for (Plan plan : plans.values()) {
      bytes += plan.counts().copiedBytes();
      files += plan.newFiles();
    }
    progress.begin(Phase.COPY, files, bytes);
  }

  /**
   * Judges a source by what has been met in it; {@code tally} is what was done, or null for what
   * would be.
   */
  void judge(SourceRoot source, @org.jspecify.annotations.Nullable Tally tally) throws IOException {
    Plan plan = plans.get(source.index());
    if (plan == null) {
      throw new IllegalArgumentException(source.path() + " is held");
    }
    Counts counts = tally == null ? plan.counts() : tally.with(plan.counts());
    Problems problems = source.problems();
    List<String> reasons = new ArrayList<>();
    boolean partial = false;
    for (FilePath mount : source.lostMounts().paths()) {
      partial = true;
      reasons.add(
          mount
              + " was a mount and is none now, what was in it stays as it is; mount it, or leave it"
              + " out by an exclude rule");
    }
    if (problems.unreadable() > 0) {
      partial = true;
      reasons.add(problems.unreadable() + " paths could not be read and keep their last version");
    }
    if (problems.vanished() > Math.max(FEW, counts.files() / 100)) {
      partial = true;
      reasons.add(problems.vanished() + " paths went away while the source was read");
    }
    if (posix.stat(source.descriptor()).nlink() == 0) {
      partial = true;
      reasons.add("the source itself went away");
    }
    if (problems.inconsistent() > 0) {
      reasons.add(problems.inconsistent() + " files were being written while they were read");
    }
    if (problems.unknown() > 0) {
      reasons.add(problems.unknown() + " paths of the mirror were not as the last run left them");
    }
    SourceState state = partial ? SourceState.PARTIAL : SourceState.COMPLETE;
    reports.put(
        source.index(),
        new SourceReport(
            new RunSource(source.path(), state, String.join("; ", reasons), counts, false),
            verdict(source, reasons)));
  }

  private static Verdict verdict(SourceRoot source, List<String> reasons) {
    if (!source.lostMounts().paths().isEmpty()) {
      return Verdict.PREREQUISITE;
    }
    return reasons.isEmpty() ? Verdict.GOOD : Verdict.FAILED;
  }

  @Override
  public void close() throws IOException {
    try (store) {
      for (SourceRoot root : ground.open()) {
        root.close(posix);
      }
    }
  }
}
