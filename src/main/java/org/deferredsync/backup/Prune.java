package org.deferredsync.backup;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.slf4j.Logger;

/**
 * Retention by hand: lets snapshots expire without a run, whatever became of the last one, and
 * removes sources that are not configured any more. Bound by the newest snapshots that always stay
 * and by a clock that can be believed.
 */
public final class Prune {
  private final Engine engine;
  private final FilePath path;
  private final Set<FilePath> configured;
  private final String command;
  private final Logger log;

  public Prune(Engine engine, FilePath target, Set<FilePath> configured, Logger log) {
    this(engine, target, configured, Guard.USUAL_COMMAND, log);
  }

  /**
   * @param configured the sources that runs back up; all others of the target are retired
   * @param command what an operator types to run the backup
   */
  public Prune(
      Engine engine, FilePath target, Set<FilePath> configured, String command, Logger log) {
    this.engine = engine;
    this.path = target;
    this.configured = Set.copyOf(configured);
    this.command = command;
    this.log = log;
  }

  /**
   * What is to become of the snapshots of one source, oldest first.
   *
   * @param retired whether it is not configured any more; then all of them stay
   */
  public record SourceDecisions(FilePath source, boolean retired, List<Decision> decisions) {}

  /**
   * What became, or would become, of all of them.
   *
   * @param hindrance why nothing may expire now; empty if it may
   * @param sources by path
   * @param deleted how many files of the history are gone
   */
  public record Report(String hindrance, List<SourceDecisions> sources, long deleted) {}

  /**
   * What became, or would become, of a retired source.
   *
   * @param snapshots how many can be restored no more
   * @param entries how many files and directories of it the mirror held
   * @param mirrorStays the source around it whose mirror this is, too; null if there is none
   * @param deleted how many files, links and directories are gone
   * @param staying how many stay until the snapshots of another source that need them expire
   */
  public record Removal(
      long snapshots,
      long entries,
      @org.jspecify.annotations.Nullable FilePath mirrorStays,
      long deleted,
      long staying) {}

  /** The same for all sources. */
  public Report preview(Retention retention) throws BackupException, IOException {
    return preview(source -> retention);
  }

  /** The same for all sources. */
  public Report run(Retention retention) throws BackupException, IOException {
    return run(source -> retention);
  }

  /** Decides, by what holds for each source, and changes nothing. */
  public Report preview(Function<FilePath, Retention> retention)
      throws BackupException, IOException {
    try (TargetReader reader = TargetReader.openWithoutWriting(engine, path)) {
      List<Run> runs = reader.catalogue().runs().list();
      return new Report(hindrance(runs), decide(retention, runs), 0);
    }
  }

  /** Decides, and deletes what is to go. */
  public Report run(Function<FilePath, Retention> retention) throws BackupException, IOException {
    return onTarget(open -> run(open, retention));
  }

  private Report run(OpenTarget open, Function<FilePath, Retention> retention)
      throws BackupException, IOException {
    List<Run> runs = open.catalogue().runs().list();
    List<SourceDecisions> decisions = decide(retention, runs);
    String hindrance = hindrance(runs);
    Optional<PruneLock> lock = PruneLock.tryTake(engine.posix(), open.target());
    if (lock.isEmpty()) {
      return new Report("somebody is reading the target; prune when that has ended", decisions, 0);
    }
    try {
      return hindrance.isEmpty()
          ? new Report("", decisions, expire(open, decisions))
          : new Report(hindrance, decisions, 0);
    } finally {
      lock.get().close();
    }
  }

  /** What is done to a target that is open to write. */
  private interface Step<T> {
    T on(OpenTarget open) throws BackupException, IOException;
  }

  /** Does it, and says of a failure where it was and what to do. */
  private <T> T onTarget(Step<T> step) throws BackupException, IOException {
    try {
      requireTarget();
      try (OpenTarget open = OpenTarget.open(engine, path, Residents.NONE, log)) {
        try {
          return step.on(open);
        } catch (IOException e) {
          throw WriteTrouble.explain(engine.posix(), open.target().root(), path, e);
        }
      }
    } catch (IOException e) {
      throw WriteTrouble.explain(engine.posix(), -1, path, e);
    }
  }

  private List<SourceDecisions> decide(Function<FilePath, Retention> retention, List<Run> runs) {
    Instant now = engine.clock().instant();
    List<SourceDecisions> all = new ArrayList<>();
    for (FilePath source : restorable(runs)) {
      boolean retired = !configured.contains(source);
      String stays = retired ? "retired, not in BACKUPDIRS any more" : alarm(runs, source);
      List<Decision> decisions =
          retention.apply(source).decide(source, runs, now, engine.clock().getZone()).stream()
              .map(
                  decision ->
                      stays.isEmpty() ? decision : new Decision(decision.run(), true, stays))
              .toList();
      all.add(new SourceDecisions(source, retired, decisions));
    }
    return all;
  }

  /** What is old may be all that is left of what was overwritten. */
  private String alarm(List<Run> runs, FilePath source) {
    return GuardMemory.alarmOf(runs, source)
        .map(
            hold ->
                hold.count()
                    + " of "
                    + hold.of()
                    + " files got other contents at once; if that is meant: "
                    + Guard.release(command, source))
        .orElse("");
  }

  /** Sources with a snapshot. */
  private static Set<FilePath> restorable(List<Run> runs) {
    Set<FilePath> sources = new TreeSet<>();
    for (Run run : runs) {
      for (RunSource source : run.sources()) {
        if (source.state().restorable() && !source.expired()) {
          sources.add(source.source());
        }
      }
    }
    return sources;
  }

  private String hindrance(List<Run> runs) {
    if (runs.isEmpty()) {
      return "";
    }
    String doubt =
        Retention.clockDoubt(runs.get(runs.size() - 1).started(), engine.clock().instant());
    return doubt.isEmpty() ? "" : doubt + "; set the clock right, or if it is, run a backup first";
  }

  private long expire(OpenTarget open, List<SourceDecisions> decisions)
      throws BackupException, IOException {
    int staging = open.target().openStaging();
    try {
      Work work = new Work(open, staging);
      work.recover();
      for (SourceDecisions source : decisions) {
        work.pruner.expire(source.source(), source.decisions());
      }
      long deleted = work.pruner.deleteUnneeded();
      for (FilePath source : open.catalogue().runs().removals()) {
        if (!configured.contains(source)) {
          deleted += work.remover(source).remove().deleted();
        }
      }
      work.finish();
      return deleted;
    } finally {
      engine.posix().close(staging);
    }
  }

  /**
   * What {@link #remove} would do.
   *
   * @throws BackupException if it would be refused
   */
  public Removal previewRemoval(FilePath source) throws BackupException, IOException {
    requireRetired(source);
    try (TargetReader reader = TargetReader.openWithoutWriting(engine, path)) {
      return removal(reader.catalogue(), source);
    }
  }

  /**
   * Removes a source that is not configured any more: its snapshots, its history, and its mirror as
   * far as no other source has it.
   *
   * @throws BackupException if it is configured, the target does not know it, or somebody reads the
   *     target; nothing is changed then
   */
  public Removal remove(FilePath source) throws BackupException, IOException {
    requireRetired(source);
    return onTarget(open -> removed(open, source));
  }

  private Removal removed(OpenTarget open, FilePath source) throws BackupException, IOException {
    Removal planned = removal(open.catalogue(), source);
    Optional<PruneLock> lock = PruneLock.tryTake(engine.posix(), open.target());
    if (lock.isEmpty()) {
      throw BackupException.failure(
          path + ": somebody is reading the target; remove the source when that has ended");
    }
    try {
      SourceRemover.Outcome outcome = remove(open, source);
      return new Removal(
          planned.snapshots(),
          planned.entries(),
          planned.mirrorStays(),
          outcome.deleted(),
          outcome.staying());
    } finally {
      lock.get().close();
    }
  }

  private SourceRemover.Outcome remove(OpenTarget open, FilePath source)
      throws BackupException, IOException {
    int staging = open.target().openStaging();
    try {
      Work work = new Work(open, staging);
      work.recover();
      SourceRemover.Outcome outcome = work.remover(source).remove();
      work.finish();
      return outcome;
    } finally {
      engine.posix().close(staging);
    }
  }

  private void requireRetired(FilePath source) throws BackupException {
    if (configured.contains(source)) {
      throw BackupException.prerequisite(
          source + ": is in BACKUPDIRS; only a source that is not any more can be removed");
    }
  }

  private Removal removal(Catalogue catalogue, FilePath source)
      throws BackupException, IOException {
    List<Run> runs = catalogue.runs().list();
    Set<FilePath> known = new TreeSet<>();
    long snapshots = 0;
    for (Run run : runs) {
      for (RunSource of : run.sources()) {
        known.add(of.source());
        if (of.source().equals(source) && of.state().restorable() && !of.expired()) {
          snapshots++;
        }
      }
    }
    if (!known.contains(source)) {
      known.removeAll(configured);
      String retired =
          known.isEmpty()
              ? "it has no retired source"
              : "its retired sources: "
                  + String.join(", ", known.stream().map(FilePath::toString).toList());
      throw BackupException.failure(source + ": not a source of this target; " + retired);
    }
    FilePath around =
        others(runs, source).stream()
            .filter(other -> other.contains(source))
            .findFirst()
            .orElse(null);
    return new Removal(snapshots, catalogue.entries().countBelow(source), around, 0, 0);
  }

  /** Every other source that is configured, or has a snapshot. */
  private Set<FilePath> others(List<Run> runs, FilePath source) {
    Set<FilePath> others = new TreeSet<>(configured);
    others.addAll(restorable(runs));
    others.remove(source);
    return others;
  }

  /** A target that has not been begun is none to prune. */
  private void requireTarget() throws BackupException, IOException {
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, path);
    try {
      posix.stat(root, Target.OWN_NAME);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + path + ": no target yet, or its disk is not mounted; run a backup first");
      }
      throw e;
    } finally {
      posix.close(root);
    }
  }

  /** What one pruning works with. */
  private final class Work {
    private final Target target;
    private final Catalogue catalogue;
    private final Recovery recovery;
    private final Forgetter forgetter;
    private final Manifests manifests;
    private final Pruner pruner;

    Work(OpenTarget open, int staging) throws IOException {
      Posix posix = engine.posix();
      target = open.target();
      catalogue = open.catalogue();
      manifests = open.manifests();
      Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
      Metadata metadata = Metadata.ofMirror(posix, new Unkept(log, "the mirror"));
      Publisher publisher = new Publisher(posix, target, catalogue, barrier, metadata, staging);
      recovery =
          new Recovery(posix, target, catalogue, publisher, barrier, staging, manifests, log);
      forgetter = new Forgetter(posix, target, catalogue, publisher, barrier, open.manifest());
      pruner = new Pruner(posix, target, catalogue, forgetter, barrier, manifests);
    }

    /**
     * Finishes what a run left, if that can be done: what expires is nothing that it waits for, and
     * gives back room that it may lack.
     */
    void recover() throws IOException {
      try {
        recovery.recover();
      } catch (IOException e) {
        if (target.generation() != catalogue.generation()) {
          throw e;
        }
        log.warn("What the last run left cannot be finished yet: {}", e.getMessage());
      }
    }

    SourceRemover remover(FilePath source) throws IOException {
      return new SourceRemover(
          engine,
          target,
          catalogue,
          pruner,
          forgetter,
          log,
          source,
          others(catalogue.runs().list(), source));
    }

    void finish() throws IOException {
      pruner.removeEmptyIncrements();
      manifests.keepRuns(catalogue);
      if (!catalogue.checkpoint()) {
        log.debug("A reader keeps the write-ahead log; the next run empties it.");
      }
      new Reserve(engine.posix(), target.own()).keep();
    }
  }
}
