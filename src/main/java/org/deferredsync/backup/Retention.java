package org.deferredsync.backup;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;

/**
 * Decides, for one source, which of its snapshots are kept: those that any rule keeps. Pure: the
 * same answer for the same runs, the same time and the same zone.
 *
 * @param expireDays a snapshot younger than so many days of 24 hours is kept
 * @param keep which of the complete ones are kept beyond that
 * @param keepMin how many of the newest complete snapshots stay, however old they are
 */
public record Retention(int expireDays, Keep keep, int keepMin) {
  /** What to do about a clock in doubt: a run by it counts, and the next one is judged by that. */
  public static final String CLOCK_REMEDY =
      "set the clock right, or if it is, wait for the next run";

  private static final Duration LEAP = Duration.ofDays(30);

  public Retention {
    if (expireDays < 1 || keepMin < 1) {
      throw new IllegalArgumentException("expireDays and keepMin are at least 1");
    }
  }

  /** By age alone. */
  public Retention(int expireDays, int keepMin) {
    this(expireDays, Keep.NONE, keepMin);
  }

  /**
   * How many complete snapshots are kept by order and by calendar; 0 where a rule is not set. The
   * newest of each day, ISO week, month and year counts, by the local date at which it began; days
   * without one do not.
   */
  public record Keep(int last, int daily, int weekly, int monthly, int yearly) {
    public static final Keep NONE = new Keep(0, 0, 0, 0, 0);

    public Keep {
      if (last < 0 || daily < 0 || weekly < 0 || monthly < 0 || yearly < 0) {
        throw new IllegalArgumentException("a number of snapshots is not negative");
      }
    }

    private List<Rule> rules() {
      return List.of(
          new Rule("last", last, (run, date) -> run.id()),
          new Rule("daily", daily, (run, date) -> date),
          new Rule("weekly", weekly, (run, date) -> week(date)),
          new Rule("monthly", monthly, (run, date) -> date.withDayOfMonth(1)),
          new Rule("yearly", yearly, (run, date) -> date.getYear()));
    }

    /** Week 1 of a year may begin in the year before. */
    private static Object week(LocalDate date) {
      return date.get(IsoFields.WEEK_BASED_YEAR) * 100
          + date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
    }
  }

  /**
   * What is to become of one snapshot.
   *
   * @param reason why, for people
   */
  public record Decision(Run run, boolean keep, String reason) {}

  /**
   * Judges every snapshot of a source that is not expired yet, oldest first. The newest always
   * stays.
   *
   * @param runs all runs of the target, oldest first
   * @param zone whose calendar counts
   */
  public List<Decision> decide(FilePath source, List<Run> runs, Instant now, ZoneId zone) {
    List<Rule> rules = keep.rules();
    List<Decision> decisions = new ArrayList<>();
    int complete = 0;
    for (int i = runs.size() - 1; i >= 0; i--) {
      Run run = runs.get(i);
      for (RunSource of : run.sources()) {
        if (of.source().equals(source) && !of.expired() && of.state().restorable()) {
          boolean isComplete = of.state() == SourceState.COMPLETE;
          complete += isComplete ? 1 : 0;
          List<String> kept = new ArrayList<>();
          long days = Duration.between(run.started(), now).toDays();
          if (days < expireDays) {
            kept.add(age(days));
          }
          if (isComplete) {
            LocalDate date = run.started().atZone(zone).toLocalDate();
            rules.forEach(rule -> rule.count(run, date, kept));
          }
          if (kept.isEmpty() && isComplete && complete <= keepMin) {
            kept.add("one of the newest " + keepMin + " complete (KEEP_MIN=" + keepMin + ")");
          }
          if (kept.isEmpty() && decisions.isEmpty()) {
            kept.add("the newest");
          }
          decisions.add(
              kept.isEmpty()
                  ? new Decision(run, false, age(days) + unkept(isComplete))
                  : new Decision(run, true, String.join(", ", kept)));
        }
      }
    }
    Collections.reverse(decisions);
    return decisions;
  }

  private String age(long days) {
    String age = days < 1 ? "less than a day old" : days == 1 ? "1 day old" : days + " days old";
    return age + " (EXPIREDAYS=" + expireDays + ")";
  }

  private String unkept(boolean complete) {
    if (keep.equals(Keep.NONE)) {
      return "";
    }
    return complete ? ", and no KEEP rule counts it" : ", and KEEP rules count complete ones only";
  }

  /** One KEEP rule on its way from the newest snapshot to the oldest. */
  private static final class Rule {
    private final String name;
    private final int most;
    private final BiFunction<Run, LocalDate, Object> period;
    private final Set<Object> counted = new HashSet<>();

    Rule(String name, int most, BiFunction<Run, LocalDate, Object> period) {
      this.name = name;
      this.most = most;
      this.period = period;
    }

    /** Adds to {@code kept} if the rule keeps the snapshot. */
    void count(Run run, LocalDate date, List<String> kept) {
      if (counted.size() < most && counted.add(period.apply(run, date))) {
        kept.add(name + " " + counted.size() + " of " + most);
      }
    }
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
    boolean back = now.isBefore(last);
    if (!back && Duration.between(last, now).compareTo(LEAP) <= 0) {
      return "";
    }
    return "the clock says "
        + now.truncatedTo(ChronoUnit.SECONDS)
        + (back ? ", which is before" : ", more than 30 days after")
        + " the last run at "
        + last.truncatedTo(ChronoUnit.SECONDS);
  }
}
