package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * Retention by hand: lets snapshots expire without a run, whatever became of the last one, and
 * removes sources that are not configured any more. Bound by the newest snapshots that always stay
 * and by a clock that can be believed.
 */
public final class Prune {
  private final Engine engine;
  private final FilePath path;
  private final PruneDecisions decisions;
  private final RetiredSources retired;
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
    Set<FilePath> sources = Set.copyOf(configured);
    this.decisions = new PruneDecisions(sources, engine.clock(), command);
    this.retired = new RetiredSources(sources);
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
      return new Report(decisions.hindrance(runs), decisions.decide(retention, runs), 0);
    }
  }

  /** Decides, and deletes what is to go. */
  public Report run(Function<FilePath, Retention> retention) throws BackupException, IOException {
    return onTarget(open -> run(open, retention));
  }

  private Report run(OpenTarget open, Function<FilePath, Retention> retention)
      throws BackupException, IOException {
    List<Run> runs = open.catalogue().runs().list();
    List<SourceDecisions> decided = decisions.decide(retention, runs);
    String hindrance = decisions.hindrance(runs);
    Optional<PruneLock> lock = PruneLock.tryTake(engine.posix(), open.target());
    if (lock.isEmpty()) {
      return new Report("somebody is reading the target; prune when that has ended", decided, 0);
    }
    try {
      return hindrance.isEmpty()
          ? new Report("", decided, expire(open, decided))
          : new Report(hindrance, decided, 0);
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

  private long expire(OpenTarget open, List<SourceDecisions> decided)
      throws BackupException, IOException {
    try (Pruning pruning = Pruning.begin(engine, open, log)) {
      for (SourceDecisions source : decided) {
        pruning.pruner().expire(source.source(), source.decisions());
      }
      long deleted = pruning.pruner().deleteUnneeded();
      for (FilePath source : retired.halfRemoved(open.catalogue())) {
        deleted += remover(pruning, open, source).remove().deleted();
      }
      pruning.finish();
      return deleted;
    }
  }

  private SourceRemover remover(Pruning pruning, OpenTarget open, FilePath source)
      throws IOException {
    return pruning.remover(source, retired.others(open.catalogue().runs().list(), source));
  }

  /**
   * What {@link #remove} would do.
   *
   * @throws BackupException if it would be refused
   */
  public Removal previewRemoval(FilePath source) throws BackupException, IOException {
    retired.require(source);
    try (TargetReader reader = TargetReader.openWithoutWriting(engine, path)) {
      return retired.removal(reader.catalogue(), source);
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
    retired.require(source);
    return onTarget(open -> removed(open, source));
  }

  private Removal removed(OpenTarget open, FilePath source) throws BackupException, IOException {
    Removal planned = retired.removal(open.catalogue(), source);
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
    try (Pruning pruning = Pruning.begin(engine, open, log)) {
      SourceRemover.Outcome outcome = remover(pruning, open, source).remove();
      pruning.finish();
      return outcome;
    }
  }

  /** A target that has not been begun is none to prune. */
  private void requireTarget() throws BackupException, IOException {
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, path);
    try {
      posix.stat(root, Target.OWN_NAME);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        throw BackupException.noTarget(path);
      }
      throw e;
    } finally {
      posix.close(root);
    }
  }
}
