package org.deferredsync.backup;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.deferredsync.backup.Prune.SourceDecisions;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;

/**
 * Decides, from the runs of a target alone, what retention by hand lets expire: nothing of a source
 * that is retired or has an alarm that nobody has approved, and nothing at all while the clock is
 * in doubt.
 */
final class PruneDecisions {
  private final Set<FilePath> configured;
  private final Clock clock;
  private final String command;

  /**
   * @param configured the sources that are not retired
   * @param command what an operator types to run the backup
   */
  PruneDecisions(Set<FilePath> configured, Clock clock, String command) {
    this.configured = configured;
    this.clock = clock;
    this.command = command;
  }

  /** Why nothing may expire now; empty if it may. */
  String hindrance(List<Run> runs) {
    if (runs.isEmpty()) {
      return "";
    }
    String doubt = Retention.clockDoubt(runs.get(runs.size() - 1).started(), clock.instant());
    return doubt.isEmpty() ? "" : doubt + "; set the clock right, or if it is, run a backup first";
  }

  /** Of each source with a snapshot, by path. */
  List<SourceDecisions> decide(Function<FilePath, Retention> retention, List<Run> runs) {
    Instant now = clock.instant();
    List<SourceDecisions> all = new ArrayList<>();
    for (FilePath source : new KeptRuns(runs).sources()) {
      boolean retired = !configured.contains(source);
      String stays = retired ? "retired, not in BACKUPDIRS any more" : alarm(runs, source);
      List<Decision> decisions =
          retention.apply(source).decide(source, runs, now, clock.getZone()).stream()
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
                    + Quantity.of(hold.of(), "file")
                    + " got other contents at once; if that is meant: "
                    + Guard.release(command, source))
        .orElse("");
  }
}
