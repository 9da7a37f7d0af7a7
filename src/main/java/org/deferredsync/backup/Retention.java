package org.deferredsync.backup;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;

/**
 * Decides, for one source, which of its snapshots are kept. Pure: the same answer for the same runs
 * and the same time.
 *
 * @param expireDays a snapshot older than so many days of 24 hours is expired
 * @param keepMin how many of the newest complete snapshots stay, however old they are
 */
public record Retention(int expireDays, int keepMin) {
  private static final Duration LEAP = Duration.ofDays(30);

  public Retention {
    if (expireDays < 1 || keepMin < 1) {
      throw new IllegalArgumentException("expireDays and keepMin are at least 1");
    }
  }

  /**
   * What is to become of one snapshot.
   *
   * @param reason why, for people
   */
  public record Decision(Run run, boolean keep, String reason) {}

  /**
   * Judges every snapshot of a source that is not expired yet, oldest first.
   *
   * @param runs all runs of the target, oldest first
   */
  List<Decision> decide(FilePath source, List<Run> runs, Instant now) {
    List<Decision> decisions = new ArrayList<>();
    int complete = 0;
    for (int i = runs.size() - 1; i >= 0; i--) {
      Run run = runs.get(i);
      for (RunSource of : run.sources()) {
        if (of.source().equals(source) && !of.expired() && of.state().restorable()) {
          boolean isComplete = of.state() == SourceState.COMPLETE;
          complete += isComplete ? 1 : 0;
          decisions.add(0, decide(run, isComplete && complete <= keepMin, now));
        }
      }
    }
    return decisions;
  }

  private Decision decide(Run run, boolean amongNewest, Instant now) {
    long days = Duration.between(run.started(), now).toDays();
    if (days < expireDays) {
      return new Decision(run, true, "younger than EXPIREDAYS=" + expireDays);
    }
    if (amongNewest) {
      return new Decision(run, true, "one of the KEEP_MIN=" + keepMin + " newest complete ones");
    }
    return new Decision(run, false, days + " days old, EXPIREDAYS=" + expireDays);
  }

  /**
   * Why nothing of any source may expire by this clock, or empty text if it may: a clock that was
   * set back, or that leapt, is more likely wrong than right.
   *
   * @param runs all runs of the target, oldest first, the one under way last
   */
  static String clockDoubt(List<Run> runs) {
    return runs.size() < 2
        ? ""
        : clockDoubt(runs.get(runs.size() - 2).started(), runs.get(runs.size() - 1).started());
  }

  /** The same for a run at {@code now} after one at {@code last}. */
  static String clockDoubt(Instant last, Instant now) {
    if (now.isBefore(last)) {
      return "the clock says " + now + ", which is before the last run at " + last;
    }
    if (Duration.between(last, now).compareTo(LEAP) > 0) {
      return "the clock says " + now + ", more than 30 days after the last run at " + last;
    }
    return "";
  }
}
