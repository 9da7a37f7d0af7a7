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
import org.deferredsync.backup.SourceGround.Ground;
import org.deferredsync.backup.SourceGround.Skipped;
import org.deferredsync.backup.SourceJudge.Held;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.GoneEntries;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Space;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.slf4j.Logger;

/**
 * Finds out what a run has to do: opens the sources, holds back those that cannot be believed,
 * scans the others. Changes nothing; a run and its preview share it.
 */
final class Planner implements AutoCloseable {
  private static final long BLOCK = 4096;

  /** Measured on two cores, where more gain nothing; a disk that has to be read has more to do. */
  private static final int SCAN_THREADS = 4;

  private final Posix posix;
  private final Logger log;
  private final PlanStore store;
  private final Ground ground;
  private final SourceJudge judge;
  private final Map<Integer, Plan> plans = new HashMap<>();
  private final Map<Integer, SourceReport> reports = new TreeMap<>();
  private final List<SourceRoot> lost = new ArrayList<>();

  private Planner(Posix posix, Logger log, PlanStore store, Ground ground, SourceJudge judge) {
    this.posix = posix;
    this.log = log;
    this.store = store;
    this.ground = ground;
    this.judge = judge;
  }

  /** Makes the plan. */
  static Planner plan(
      Engine engine, BackupRequest request, int targetRoot, Catalogue catalogue, Logger log)
      throws BackupException, IOException {
    GuardMemory memory = new GuardMemory(catalogue.runs().list(), request.approved());
    memory.warnings().forEach(warning -> log.warn("{}.", warning));
    MountMemory mounts = new MountMemory(catalogue);
    Set<FilePath> expected = mounts.expected(request.sources(), memory);
    Ground ground =
        new SourceGround(engine.posix(), engine.clock(), log)
            .open(
                request.sources(),
                request.target(),
                targetRoot,
                memory.sources(),
                new LostMounts.Expected(
                    expected, RequiredMounts.look(engine.posix(), request.requiredMounts())));
    SourceJudge judge = new SourceJudge(engine.posix(), request::guard, memory, mounts, expected);
    Planner planner = new Planner(engine.posix(), log, PlanStore.open(), ground, judge);
    try {
      for (Skipped skipped : ground.skipped()) {
        planner.hold(skipped.index(), judge.skipped(skipped));
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
        planner.scan(scanner);
        planner.searchMoves(catalogue);
      } finally {
        engine.progress().end();
      }
      planner.holdBack();
      planner.countMoves();
      return planner;
    } catch (IOException | RuntimeException e) {
      planner.close();
      throw e;
    }
  }

  private void scan(Scanner scanner) throws IOException {
    for (SourceRoot source : ground.open()) {
      Optional<Held> unmounted = judge.unmounted(source);
      if (unmounted.isPresent()) {
        hold(source.index(), unmounted.get());
      } else {
        plans.put(source.index(), scanner.scan(source));
      }
    }
  }

  /** Once all is scanned: what one source lost another may have. */
  private void holdBack() throws IOException {
    for (SourceRoot source : sources()) {
      Optional<Held> unmounted = judge.unmountedMeanwhile(source);
      Optional<Held> held =
          unmounted.isPresent()
              ? unmounted
              : judge.lost(source, planOf(source), store.gone().met(source.index()));
      if (held.isPresent()) {
        plans.remove(source.index());
        hold(source.index(), held.get());
        if (unmounted.isEmpty()) {
          lost.add(source);
        }
      }
    }
  }

  /** Worth its while only where something is gone and something came. */
  private void searchMoves(Catalogue catalogue) throws IOException {
    Counts all = plans.values().stream().map(Plan::counts).reduce(Counts.NONE, Counts::plus);
    if (all.removed() > 0 && all.added() + all.changed() + all.metadata() > 0) {
      new MoveSearch(catalogue, store).search(sources());
    }
  }

  /**
   * Counts what moved as neither added nor removed, as far as both sources are to be applied: once
   * it is known which.
   */
  private void countMoves() throws IOException {
    for (GoneEntries.Moves moves : store.gone().moves()) {
      if (plans.containsKey(moves.from()) && plans.containsKey(moves.to())) {
        plans.computeIfPresent(moves.from(), (index, plan) -> plan.withMovesOut(moves.files()));
        plans.computeIfPresent(moves.to(), (index, plan) -> plan.withMovesIn(moves));
      }
    }
  }

  private void hold(int index, Held held) {
    log.warn("{}", held.line());
    reports.put(index, held.report());
  }

  /** The sources to be applied. */
  List<SourceRoot> sources() {
    return ground.open().stream().filter(source -> plans.containsKey(source.index())).toList();
  }

  /** Those that are held since too much of them is gone. */
  List<SourceRoot> lost() {
    return List.copyOf(lost);
  }

  PlanStore store() {
    return store;
  }

  /** What became of the sources so far, in the order of the configuration. */
  List<SourceReport> reports() {
    return List.copyOf(reports.values());
  }

  /** What the catalogue is to have of the run until it ends. */
  List<RunSource> begun() {
    List<RunSource> begun = new ArrayList<>();
    sources().forEach(source -> begun.add(judge.begun(source)));
    begun.addAll(results());
    return begun;
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
    reports.put(source.index(), judge.judge(source, planOf(source), tally));
  }

  private Plan planOf(SourceRoot source) {
    Plan plan = plans.get(source.index());
    if (plan == null) {
      throw new IllegalArgumentException(source.path() + " is held");
    }
    return plan;
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
