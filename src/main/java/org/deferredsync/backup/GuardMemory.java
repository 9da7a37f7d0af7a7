package org.deferredsync.backup;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.Guard.Share;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;

/**
 * What earlier runs know of each source as far as it matters to the guard, and what the operator
 * has released of it: what the last run with that source recorded, and nothing else. Pure.
 */
final class GuardMemory {
  private final List<Run> runs;
  private final Set<FilePath> approved;

  /**
   * @param runs all runs of the target, oldest first
   * @param approved the sources whose recorded reasons the operator releases
   */
  GuardMemory(List<Run> runs, Set<FilePath> approved) {
    this.runs = List.copyOf(runs);
    this.approved = Set.copyOf(approved);
  }

  /** Every source that the target has ever had. */
  Set<FilePath> sources() {
    Set<FilePath> sources = new TreeSet<>();
    runs.forEach(run -> run.sources().forEach(source -> sources.add(source.source())));
    return sources;
  }

  /** What was recorded of the source last, and is released; nothing unless it is approved. */
  List<Hold> released(FilePath source) {
    return approved.contains(source) ? recorded(source) : List.of();
  }

  private List<Hold> recorded(FilePath source) {
    RunSource last = last(runs.size(), source);
    return last == null ? List.of() : last.holds();
  }

  private @Nullable RunSource last(int before, FilePath source) {
    for (int i = before - 1; i >= 0; i--) {
      RunSource of = of(runs.get(i), source);
      if (of != null) {
        return of;
      }
    }
    return null;
  }

  private static @Nullable RunSource of(Run run, FilePath source) {
    for (RunSource of : run.sources()) {
      if (of.source().equals(source)) {
        return of;
      }
    }
    return null;
  }

  /** What is to be said of approvals that release nothing, a line each. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    for (FilePath source : new TreeSet<>(approved)) {
      List<Hold> recorded = recorded(source);
      if (recorded.isEmpty()) {
        warnings.add(
            source + ": --approve changes nothing, the last run recorded no reason to hold it");
      } else if (recorded.stream().noneMatch(hold -> Guard.covers(recorded, hold))) {
        RunSource last = last(runs.size(), source);
        warnings.add(
            source
                + ": --approve cannot release why it was held: "
                + (last == null ? "" : last.reason()));
      }
    }
    return warnings;
  }

  /** A change of contents that an earlier run recorded and that nobody has approved. */
  Optional<Hold> alarm(FilePath source) {
    return approved.contains(source) ? Optional.empty() : alarmOf(runs, source);
  }

  /** The change of contents that stands recorded of the source after these runs, oldest first. */
  static Optional<Hold> alarmOf(List<Run> runs, FilePath source) {
    RunSource last = new GuardMemory(runs, Set.of()).last(runs.size(), source);
    return last == null ? Optional.empty() : last.hold(Kind.CONTENT_CHANGED);
  }

  /** How many entries the source had at its last complete or partial run; 0 if it had none. */
  long entries(FilePath source) {
    RunSource last = lastRestorable(runs.size(), source);
    return last == null ? 0 : last.counts().files() + last.counts().directories();
  }

  /** How many regular files the source had at its last complete or partial run. */
  long contents(FilePath source) {
    return contents(runs.size(), source);
  }

  private long contents(int before, FilePath source) {
    RunSource last = lastRestorable(before, source);
    return last == null ? 0 : last.turnover().contents();
  }

  private @Nullable RunSource lastRestorable(int before, FilePath source) {
    for (int i = before - 1; i >= 0; i--) {
      RunSource of = of(runs.get(i), source);
      if (of != null && of.state().restorable()) {
        return of;
      }
    }
    return null;
  }

  /** How much of its contents the last complete runs changed, the newest first. */
  List<Share> shares(FilePath source) {
    List<Share> shares = new ArrayList<>();
    for (int i = runs.size() - 1; i >= 0 && shares.size() < Guard.EXPERIENCE; i--) {
      RunSource of = of(runs.get(i), source);
      if (of != null && of.state() == SourceState.COMPLETE) {
        shares.add(new Share(of.turnover().changed(), contents(i, source)));
      }
    }
    return shares;
  }
}
