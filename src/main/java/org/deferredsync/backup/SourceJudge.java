package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Guard.Loss;
import org.deferredsync.backup.Guard.Share;
import org.deferredsync.backup.SourceGround.Skipped;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;
import org.jspecify.annotations.Nullable;

/**
 * Says what becomes of a source in a run: whether the guard holds it, and if not how what was met
 * in it leaves it. A change of contents that nobody has approved goes along from run to run.
 */
final class SourceJudge {
  private final Posix posix;
  private final Function<FilePath, Guard> guards;
  private final GuardMemory memory;
  private final MountMemory mounts;
  private final Set<FilePath> expected;

  /**
   * @param guards that of each source
   * @param expected what ought to be a mount
   */
  SourceJudge(
      Posix posix,
      Function<FilePath, Guard> guards,
      GuardMemory memory,
      MountMemory mounts,
      Set<FilePath> expected) {
    this.posix = posix;
    this.guards = guards;
    this.memory = memory;
    this.mounts = mounts;
    this.expected = expected;
  }

  /**
   * A source that this run leaves as it is.
   *
   * @param line what the operator is told: what happened, with figures, and what releases it
   */
  record Held(String line, SourceReport report) {}

  private Guard guard(FilePath source) {
    return guards.apply(source);
  }

  /** One that could not be opened, or must not be. */
  Held skipped(Skipped skipped) {
    Kind kind = skipped.kind();
    List<Hold> holds = kind == null ? List.of() : List.of(new Hold(kind, 0, 0));
    return new Held(
        skipped.path() + ": " + skipped.reason() + ". Its mirror and history stay as they are.",
        report(skipped.path(), skipped.reason(), holds, Verdict.PREREQUISITE));
  }

  /** The source itself was a mount and is none now. */
  Optional<Held> unmounted(SourceRoot source) throws IOException {
    FilePath path = source.path();
    if (!expected.contains(path) || source.stat().mountRoot()) {
      return Optional.empty();
    }
    List<FilePath> absent = new ArrayList<>();
    absent.add(path);
    absent.addAll(source.lostMounts().releasable());
    Hold hold = mounts.hold(path, absent);
    return Optional.of(
        held(
            path,
            guard(path).describe(hold, 0),
            "mount it, or ",
            List.of(hold),
            Verdict.PREREQUISITE));
  }

  /** A mount in the source went away while it was read: what is missing then is not gone. */
  Optional<Held> unmountedMeanwhile(SourceRoot source) throws IOException {
    List<FilePath> lost = source.lostMeanwhile();
    if (lost.isEmpty()) {
      return Optional.empty();
    }
    Hold hold = mounts.hold(source.path(), lost);
    return Optional.of(
        held(
            source.path(),
            lost.get(0) + " was unmounted while it was read",
            "mount it and run again, or ",
            List.of(hold),
            Verdict.PREREQUISITE));
  }

  /**
   * Too much of the source is gone, and nobody has approved so much.
   *
   * @param moved how many of the entries that the plan removes turned up elsewhere
   */
  Optional<Held> lost(SourceRoot source, Plan plan, long moved) throws IOException {
    FilePath path = source.path();
    Loss loss = loss(path, plan, moved);
    Optional<Hold> hold = guard(path).judge(loss);
    List<Hold> released = memory.released(path);
    if (hold.isEmpty() || Guard.covers(released, hold.get())) {
      return Optional.empty();
    }
    boolean unmounted = !source.lostMounts().paths().isEmpty();
    return Optional.of(
        held(
            path,
            guard(path).describe(hold.get(), loss.excluded()) + alsoUnmounted(source),
            unmounted
                ? "mount it, or "
                : loss.excluded() > 0 ? "mend the rule or limit, or " : "restore it, or ",
            recorded(source, hold.get(), released),
            unmounted ? Verdict.PREREQUISITE : Verdict.FAILED));
  }

  /**
   * What approving the source the next time has to release: the mounts too, those that were
   * released this time among them. What was in these is part of the loss now and stands once.
   */
  private List<Hold> recorded(SourceRoot source, Hold lost, List<Hold> released)
      throws IOException {
    Set<FilePath> absent = new LinkedHashSet<>();
    released.forEach(one -> absent.addAll(one.mounts()));
    long inReleased = mounts.hold(source.path(), List.copyOf(absent)).count();
    absent.addAll(source.lostMounts().releasable());
    List<Hold> holds = new ArrayList<>();
    holds.add(new Hold(lost.kind(), lost.count() - inReleased, lost.of()));
    if (!absent.isEmpty()) {
      holds.add(mounts.hold(source.path(), List.copyOf(absent)));
    }
    return holds;
  }

  private static String alsoUnmounted(SourceRoot source) {
    StringBuilder text = new StringBuilder();
    for (FilePath mount : source.lostMounts().paths()) {
      text.append(", and ").append(mount).append(" was a mount and is none now");
    }
    return text.toString();
  }

  /** What the source had, by the last run that saw it or, if more, by what the plan met. */
  private Loss loss(FilePath source, Plan plan, long moved) {
    Counts counts = plan.counts();
    long now = counts.files() + counts.directories();
    return new Loss(
        Math.max(memory.entries(source), now - counts.added() + counts.removed()),
        counts.removed(),
        moved,
        plan.excluded(),
        counts.files() == 0 && counts.directories() == 1);
  }

  private Held held(
      FilePath path, String what, String otherwise, List<Hold> found, Verdict verdict) {
    String remedy = otherwise + "if that is meant: " + guard(path).release(path);
    String line = path + ": " + what + ". Its mirror and history stay as they are; " + remedy;
    return new Held(line, report(path, what + "; " + remedy, found, verdict));
  }

  private SourceReport report(FilePath path, String reason, List<Hold> found, Verdict verdict) {
    List<Hold> holds = new ArrayList<>(found);
    memory.alarm(path).ifPresent(holds::add);
    return new SourceReport(
        new RunSource(path, SourceState.HELD, reason, Counts.NONE, false, Turnover.NONE, holds),
        verdict);
  }

  /**
   * What the catalogue has of a source until the run ends: what was approved is approved only when
   * it is done.
   */
  RunSource begun(SourceRoot source) {
    List<Hold> holds = new ArrayList<>(memory.released(source.path()));
    memory.alarm(source.path()).ifPresent(holds::add);
    return new RunSource(
        source.path(),
        SourceState.INTERRUPTED,
        "the run did not end",
        Counts.NONE,
        false,
        Turnover.NONE,
        holds);
  }

  /**
   * One that was not held, by what has been met in it.
   *
   * @param tally what was done, or null for what would be
   */
  SourceReport judge(SourceRoot source, Plan plan, @Nullable Tally tally) throws IOException {
    FilePath path = source.path();
    Counts counts = tally == null ? plan.counts() : tally.with(plan.counts());
    List<Hold> holds = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    addLostMounts(source, reasons, holds);
    List<FilePath> meanwhile = source.lostMeanwhile();
    for (FilePath mount : meanwhile) {
      reasons.add(mount + " was unmounted while it was read, what was in it stays as it is");
    }
    addProblems(source, counts, reasons);
    boolean partial = !reasons.isEmpty();
    addNotes(source.problems(), reasons);
    Turnover turnover = new Turnover(plan.contents(), tally == null ? 0 : tally.rewritten());
    addAlarm(path, turnover, reasons, holds);
    SourceState state = partial ? SourceState.PARTIAL : SourceState.COMPLETE;
    Verdict verdict = reasons.isEmpty() ? Verdict.GOOD : Verdict.FAILED;
    return new SourceReport(
        new RunSource(path, state, String.join("; ", reasons), counts, false, turnover, holds),
        source.lostMounts().paths().isEmpty() && meanwhile.isEmpty()
            ? verdict
            : Verdict.PREREQUISITE);
  }

  private void addLostMounts(SourceRoot source, List<String> reasons, List<Hold> holds)
      throws IOException {
    LostMounts lost = source.lostMounts();
    if (lost.paths().isEmpty()) {
      return;
    }
    for (FilePath mount : lost.paths()) {
      reasons.add(
          lost.required().contains(mount)
              ? RequiredMounts.describe(mount)
              : mount
                  + " was a mount and is none now, what was in it stays as it is; mount it, or leave"
                  + " it out by an exclude rule, or if it is meant to be gone: "
                  + guard(source.path()).release(source.path()));
    }
    holds.add(mounts.hold(source.path(), lost.releasable()));
  }

  /** What keeps an older version of a path. */
  private void addProblems(SourceRoot source, Counts counts, List<String> reasons)
      throws IOException {
    Problems problems = source.problems();
    if (problems.unreadable() > 0) {
      reasons.add(
          Quantity.of(
              problems.unreadable(),
              "path could not be read and keeps its last version",
              "paths could not be read and keep their last version"));
    }
    if (problems.vanished() > Math.max(guard(source.path()).least(), counts.files() / 100)) {
      reasons.add(
          Quantity.of(problems.vanished(), "path") + " went away while the source was read");
    }
    try {
      if (posix.stat(source.descriptor()).nlink() == 0) {
        reasons.add("the source itself went away");
      }
    } catch (PosixException e) {
      reasons.add("the source itself cannot be looked at any more: " + e.errno().text());
    }
  }

  private static void addNotes(Problems problems, List<String> reasons) {
    if (problems.inconsistent() > 0) {
      reasons.add(
          Quantity.of(
              problems.inconsistent(),
              "file was being written while it was read",
              "files were being written while they were read"));
    }
    if (problems.unknown() > 0) {
      reasons.add(
          Quantity.of(
              problems.unknown(),
              "path of the mirror was not as the last run left it",
              "paths of the mirror were not as the last run left them"));
    }
  }

  /** A change of contents, of this run or of one before. */
  private void addAlarm(FilePath path, Turnover turnover, List<String> reasons, List<Hold> holds) {
    Guard guard = guard(path);
    Optional<Hold> carried = memory.alarm(path);
    Optional<Hold> fresh =
        guard
            .judge(new Share(turnover.changed(), memory.contents(path)), memory.shares(path))
            .filter(hold -> !Guard.covers(memory.released(path), hold));
    Optional<Hold> alarm = fresh.isPresent() ? fresh : carried;
    if (alarm.isEmpty()) {
      return;
    }
    holds.add(alarm.get());
    reasons.add(
        guard.describe(alarm.get(), 0)
            + (fresh.isPresent()
                ? " in one run, far more than in the ten before it"
                : " in an earlier run")
            + ", what they were stays in the history and nothing expires; if that is meant: "
            + guard.release(path));
  }
}
