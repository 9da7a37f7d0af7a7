package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.backup.Retention.Keep;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RetentionTest {
  private static final FilePath SOURCE = FilePath.of("/etc");
  private static final Instant NOW = Instant.parse("2026-11-23T03:00:00Z");
  private static final List<String> ZONES =
      List.of("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "UTC");

  private static final List<SourceState> STATES =
      List.of(
          SourceState.COMPLETE,
          SourceState.COMPLETE,
          SourceState.COMPLETE,
          SourceState.PARTIAL,
          SourceState.HELD,
          SourceState.INTERRUPTED);

  /** Runs by age in days and the first letter of their state, oldest first: {@code 20c 10p 0c}. */
  private static List<Run> runs(String text) {
    List<Run> runs = new ArrayList<>();
    for (String word : text.split(" ", -1)) {
      long days = Long.parseLong(word.substring(0, word.length() - 1));
      SourceState state =
          switch (word.charAt(word.length() - 1)) {
            case 'c', 'x' -> SourceState.COMPLETE;
            case 'p' -> SourceState.PARTIAL;
            case 'h' -> SourceState.HELD;
            default -> SourceState.INTERRUPTED;
          };
      runs.add(run(runs.size() + 1L, NOW.minus(Duration.ofDays(days)), state, word.endsWith("x")));
    }
    return runs;
  }

  private static Run run(long id, Instant started, SourceState state, boolean expired) {
    RunSource source = new RunSource(SOURCE, state, "", Counts.NONE, expired);
    return new Run(id, started, started, null, List.of(source));
  }

  private static Run at(long id, String started) {
    return run(id, Instant.parse(started), SourceState.COMPLETE, false);
  }

  private static Set<Long> kept(Retention retention, List<Run> runs, Instant now, ZoneId zone) {
    Set<Long> kept = new TreeSet<>();
    for (Decision decision : retention.decide(SOURCE, runs, now, zone)) {
      if (decision.keep()) {
        kept.add(decision.run().id());
      }
    }
    return kept;
  }

  @ParameterizedTest
  @CsvSource({
    "15, 3, 20c 10c 5c 1c 0c, 2 3 4 5",
    "15, 3, 15c 14c 5c 1c 0c, 2 3 4 5",
    "1, 3, 9c 8c 7c 6c, 2 3 4",
    "1, 1, 9c 8c 7c 6c, 4",
    "1, 2, 9c 8c 7p 6p, 1 2 4",
    "1, 2, 9c 8h 7i 6c 5c, 4 5",
    "1, 2, 9x 8c 7c 6c, 3 4",
    "1, 2, 9p 8p 7h, 2",
    "15, 1, 3p 2h 1i, 1",
    "15, 9, 40p 0c, 2",
  })
  void decide_keeps_byAge(int expireDays, int keepMin, String runs, String kept) {
    Set<Long> keeping = kept(new Retention(expireDays, keepMin), runs(runs), NOW, ZoneOffset.UTC);

    assertThat(keeping.stream().map(String::valueOf)).containsExactly(kept.split(" ", -1));
  }

  @ParameterizedTest
  @CsvSource({
    "'2 0 0 0 0', 9c 8c 7c 6p 5c, 3 5",
    "'0 2 0 0 0', 9c 9c 8c 8c 7p 5h, 2 4 5",
    "'0 0 0 3 0', 300c 290c 200c 100c 90c 50c 40c, 3 5 7",
    "'0 0 0 0 9', 900c 800c 700c 40c 5c, 3 5",
  })
  void decide_keeps_byCalendar(String keep, String runs, String kept) {
    String[] numbers = keep.split(" ", -1);
    Retention retention =
        new Retention(
            1,
            new Keep(
                Integer.parseInt(numbers[0]),
                Integer.parseInt(numbers[1]),
                Integer.parseInt(numbers[2]),
                Integer.parseInt(numbers[3]),
                Integer.parseInt(numbers[4])),
            1);

    Set<Long> keeping = kept(retention, runs(runs), NOW, ZoneOffset.UTC);

    assertThat(keeping.stream().map(String::valueOf)).containsExactly(kept.split(" ", -1));
  }

  @Test
  void numbers_thatWouldKeepNothing_areRefused() {
    for (int[] wrong : new int[][] {{0, 3}, {15, 0}, {-1, -1}}) {
      assertThatThrownBy(() -> new Retention(wrong[0], wrong[1]))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (int at = 0; at < 5; at++) {
      int[] of = new int[5];
      of[at] = -1;
      assertThatThrownBy(() -> new Keep(of[0], of[1], of[2], of[3], of[4]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  @Tag("small-rule-12")
  void decide_goesByTheLocalDate_ofTheStart() {
    List<Run> runs =
        List.of(
            at(1, "2026-11-10T22:30:00Z"),
            at(2, "2026-11-10T23:30:00Z"),
            at(3, "2026-11-11T22:00:00Z"));
    Retention daily = new Retention(1, new Keep(0, 9, 0, 0, 0), 1);

    assertThat(kept(daily, runs, NOW, ZoneOffset.UTC)).containsExactly(2L, 3L);
    assertThat(kept(daily, runs, NOW, ZoneId.of("Europe/Berlin"))).containsExactly(1L, 3L);
  }

  @Test
  void decide_countsWeeksFromMonday_acrossTheTurnOfTheYear() {
    List<Run> runs =
        List.of(
            at(1, "2025-12-28T12:00:00Z"), // Sunday of week 52
            at(2, "2025-12-29T12:00:00Z"), // Monday of week 1 of 2026
            at(3, "2026-01-04T12:00:00Z"), // its Sunday
            at(4, "2026-01-05T12:00:00Z"));
    Retention weekly = new Retention(1, new Keep(0, 0, 9, 0, 0), 1);

    assertThat(kept(weekly, runs, NOW, ZoneOffset.UTC)).containsExactly(1L, 3L, 4L);
  }

  @Test
  void decide_givesAReason_forEach() {
    assertThat(new Retention(15, 1).decide(SOURCE, runs("40c 20c 1c 0p"), NOW, ZoneOffset.UTC))
        .extracting(Decision::reason)
        .containsExactly(
            "40 days old (EXPIREDAYS=15)",
            "20 days old (EXPIREDAYS=15)",
            "1 day old (EXPIREDAYS=15)",
            "less than a day old (EXPIREDAYS=15)");
    assertThat(
            new Retention(2, new Keep(1, 2, 0, 0, 0), 3)
                .decide(SOURCE, runs("9c 8c 7c 6p 5c 4c 1c"), NOW, ZoneOffset.UTC))
        .extracting(Decision::reason)
        .containsExactly(
            "9 days old (EXPIREDAYS=2), and no KEEP rule counts it",
            "8 days old (EXPIREDAYS=2), and no KEEP rule counts it",
            "7 days old (EXPIREDAYS=2), and no KEEP rule counts it",
            "6 days old (EXPIREDAYS=2), and KEEP rules count complete ones only",
            "one of the newest 3 complete (KEEP_MIN=3)",
            "daily 2 of 2",
            "1 day old (EXPIREDAYS=2), last 1 of 1, daily 1 of 2");
    assertThat(new Retention(2, 3).decide(SOURCE, runs("9p"), NOW, ZoneOffset.UTC))
        .extracting(Decision::reason)
        .containsExactly("the newest");
  }

  @Test
  void decide_leavesOtherSourcesAlone() {
    assertThat(new Retention(1, 1).decide(FilePath.of("/home"), runs("9c 8c"), NOW, ZoneOffset.UTC))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1c, false", "31c 1c, false", "32c 1c, true", "1c 2c, true", "40c 2c 1c, false"})
  void clockDoubt_isTold_whenTheClockLeaptOrWentBack(String runs, boolean doubted) {
    assertThat(Retention.clockDoubt(runs(runs)).isEmpty()).isEqualTo(!doubted);
  }

  // --- what holds of every history
  // ----------------------------------------------------------------

  @Test
  void decide_keepsWhatEachRuleAloneKeeps_andNothingElse() {
    for (Case any : cases()) {
      Keep keep = any.retention.keep();
      Set<Long> naive = new TreeSet<>();
      naive.addAll(any.byAge());
      naive.addAll(any.newest(keep.last(), run -> Long.toString(run.id())));
      naive.addAll(any.newest(keep.daily(), any.by("uuuu-MM-dd")));
      naive.addAll(any.newest(keep.weekly(), any.by("YYYY-ww")));
      naive.addAll(any.newest(keep.monthly(), any.by("uuuu-MM")));
      naive.addAll(any.newest(keep.yearly(), any.by("uuuu")));
      naive.addAll(any.newest(any.retention.keepMin(), run -> Long.toString(run.id())));
      naive.addAll(any.newestOfAll());

      assertThat(any.kept()).as("%s", any).isEqualTo(naive);
    }
  }

  @Test
  void decide_losesNothing_byAnotherRuleOrALargerNumber() {
    for (Case any : cases()) {
      Keep keep = any.retention.keep();
      int more = 1 + any.random.nextInt(5);
      int days = any.retention.expireDays();
      int min = any.retention.keepMin();
      for (Retention wider :
          List.of(
              new Retention(days + more, keep, min),
              new Retention(days, keep, min + more),
              new Retention(days, with(keep, more, 0), min),
              new Retention(days, with(keep, more, 1), min),
              new Retention(days, with(keep, more, 2), min),
              new Retention(days, with(keep, more, 3), min),
              new Retention(days, with(keep, more, 4), min))) {
        assertThat(kept(wider, any.runs, any.now, any.zone))
            .as("%s, wider %s", any, wider)
            .containsAll(any.kept());
      }
    }
  }

  private static Keep with(Keep keep, int more, int rule) {
    return new Keep(
        keep.last() + (rule == 0 ? more : 0),
        keep.daily() + (rule == 1 ? more : 0),
        keep.weekly() + (rule == 2 ? more : 0),
        keep.monthly() + (rule == 3 ? more : 0),
        keep.yearly() + (rule == 4 ? more : 0));
  }

  /** What expired yesterday is not missed today: pruning each day is as good as pruning once. */
  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin, 02:30",
    "Europe/Berlin, 23:59",
    "America/New_York, 00:01",
    "America/New_York, 02:30",
    "Asia/Tokyo, 05:00",
  })
  void decide_isTheSame_whetherItPrunesEachDayOrOnce(String zoneName, String time) {
    ZoneId zone = ZoneId.of(zoneName);
    Retention retention = new Retention(3, new Keep(2, 7, 4, 12, 2), 3);
    List<Run> all = new ArrayList<>();
    List<Run> left = new ArrayList<>();
    LocalDate first = LocalDate.of(2025, 1, 1);
    for (int day = 0; day < 730; day++) {
      Instant now = first.plusDays(day).atTime(LocalTime.parse(time)).atZone(zone).toInstant();
      Run run = run(day + 1L, now, SourceState.COMPLETE, false);
      all.add(run);
      left.add(run);

      Set<Long> kept = kept(retention, left, now, zone);
      left.removeIf(old -> !kept.contains(old.id()));

      assertThat(kept).as("day %d", day).isEqualTo(kept(retention, all, now, zone));
      assertThat(kept(retention, left, now, zone)).as("once more").isEqualTo(kept);
    }

    // 31 December 2026 is a Thursday: days 25 to 31, Sundays 6, 13 and 20 beside the 27th that is a
    // day already (this week's newest is the 31st), the ends of 11 months and of 2025.
    assertThat(left)
        .extracting(run -> run.started().atZone(zone).toLocalDate())
        .containsExactly(
            dates(
                "2025-12-31 2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30"
                    + " 2026-07-31 2026-08-31 2026-09-30 2026-10-31 2026-11-30 2026-12-13"
                    + " 2026-12-20 2026-12-25 2026-12-26 2026-12-27 2026-12-28 2026-12-29"
                    + " 2026-12-30 2026-12-31"));
  }

  private static LocalDate[] dates(String text) {
    return java.util.Arrays.stream(text.split(" ", -1))
        .map(LocalDate::parse)
        .toArray(LocalDate[]::new);
  }

  @ParameterizedTest
  @CsvSource({"Europe/Berlin", "America/New_York"})
  void decide_keepsADailyRunForEachDay_whenClocksChange(String zoneName) {
    ZoneId zone = ZoneId.of(zoneName);
    Retention retention = new Retention(15, 3);
    List<Run> left = new ArrayList<>();
    LocalDate first = LocalDate.of(2025, 1, 1);
    Set<Integer> sizes = new TreeSet<>();
    for (int day = 0; day < 730; day++) {
      Instant now = first.plusDays(day).atTime(3, 30).atZone(zone).toInstant();
      left.add(run(day + 1L, now, SourceState.COMPLETE, false));
      Set<Long> kept = kept(retention, left, now, zone);
      left.removeIf(old -> !kept.contains(old.id()));
      if (day >= 15) {
        sizes.add(left.size());
      }
    }

    // A day of 23 hours leaves the oldest one an hour short of its 15 days of 24 hours.
    assertThat(sizes).containsExactly(15, 16);
  }

  private static List<Case> cases() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("retention: -Dseed=" + seed);
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      cases.add(new Case(seed + i));
    }
    return cases;
  }

  /** One random history with rules to judge it by. */
  private static final class Case {
    private final long seed;
    private final Random random;
    private final ZoneId zone;
    private final List<Run> runs = new ArrayList<>();
    private final Instant now;
    private final Retention retention;

    Case(long seed) {
      this.seed = seed;
      random = new Random(seed);
      zone = ZoneId.of(ZONES.get(random.nextInt(ZONES.size())));
      Instant time = NOW;
      int number = 1 + random.nextInt(200);
      int hours = 1 + random.nextInt(200);
      for (int id = 1; id <= number; id++) {
        time = time.plusSeconds(1 + random.nextInt(hours * 3600));
        SourceState state = STATES.get(random.nextInt(STATES.size()));
        runs.add(run(id, time, state, random.nextInt(10) == 0));
      }
      now = time.plusSeconds(random.nextInt(100_000));
      Keep keep = new Keep(some(), some(), some(), some(), some());
      retention = new Retention(1 + random.nextInt(30), keep, 1 + random.nextInt(5));
    }

    private int some() {
      return random.nextBoolean() ? 0 : 1 + random.nextInt(12);
    }

    Set<Long> kept() {
      return RetentionTest.kept(retention, runs, now, zone);
    }

    private boolean is(Run run, SourceState state) {
      RunSource source = run.sources().get(0);
      return source.state() == state && !source.expired();
    }

    private boolean isRestorable(Run run) {
      return is(run, SourceState.COMPLETE) || is(run, SourceState.PARTIAL);
    }

    Set<Long> byAge() {
      Set<Long> ids = new TreeSet<>();
      for (Run run : runs) {
        Instant end = run.started().plus(Duration.ofDays(retention.expireDays()));
        if (isRestorable(run) && end.isAfter(now)) {
          ids.add(run.id());
        }
      }
      return ids;
    }

    Set<Long> newestOfAll() {
      Set<Long> ids = new TreeSet<>();
      runs.stream().filter(this::isRestorable).map(Run::id).max(Long::compare).ifPresent(ids::add);
      return ids;
    }

    Function<Run, String> by(String pattern) {
      DateTimeFormatter format = DateTimeFormatter.ofPattern(pattern, Locale.GERMANY);
      return run -> format.format(run.started().atZone(zone));
    }

    /** The newest complete one of each of so many periods, which sort as text, or as ids do. */
    Set<Long> newest(int number, Function<Run, String> period) {
      TreeMap<String, Long> newest = new TreeMap<>(Case::compare);
      for (Run run : runs) {
        if (is(run, SourceState.COMPLETE)) {
          newest.put(period.apply(run), run.id());
        }
      }
      while (newest.size() > number) {
        newest.pollFirstEntry();
      }
      return new TreeSet<>(newest.values());
    }

    private static int compare(String one, String other) {
      int byLength = Integer.compare(one.length(), other.length());
      return byLength != 0 ? byLength : one.compareTo(other);
    }

    @Override
    public String toString() {
      return "seed " + seed + ", " + retention + ", " + zone;
    }
  }
}
