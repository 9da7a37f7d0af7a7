package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.deferredsync.backup.FillForecast.Copied;
import org.deferredsync.backup.FillForecast.History;
import org.junit.jupiter.api.Test;

final class FillForecastTest {
  private static final Instant FIRST = Instant.parse("2026-11-01T03:00:00Z");
  private static final History NONE = new History(0, FIRST, false);

  /** One run a day. */
  private static List<Copied> daily(long... bytes) {
    List<Copied> runs = new ArrayList<>();
    LongStream.of(bytes).forEach(each -> runs.add(new Copied(day(runs.size()), each)));
    return runs;
  }

  private static Instant day(int number) {
    return FIRST.plus(Duration.ofDays(number));
  }

  @Test
  void days_followTheGrowth_withoutTheFirstRun() {
    assertThat(FillForecast.days(List.of(daily(1_000_000, 30, 10)), NONE, day(2), 1000))
        .hasValue(50);
    assertThat(
            FillForecast.days(
                List.of(daily(1_000_000, 30, 10), daily(9, 20, 20), daily(500_000, 400_000)),
                NONE,
                day(2),
                1000))
        .as("sources add up, but for one that is new")
        .hasValue(25);
    assertThat(FillForecast.days(List.of(daily(1, 30, 10)), NONE, day(2), 0)).hasValue(0);
  }

  @Test
  void days_countTheLastRunsOnly() {
    long[] bytes = new long[FillForecast.RUNS + 5];
    Arrays.fill(bytes, 10);
    Arrays.fill(bytes, 0, 6, 1_000_000);
    assertThat(FillForecast.days(List.of(daily(bytes)), NONE, day(35), 1000)).hasValue(100);
  }

  @Test
  void days_takeOffWhatExpires() {
    List<List<Copied>> sources = List.of(daily(0, 50, 50, 50, 50));
    assertThat(FillForecast.days(sources, new History(120, FIRST, false), day(4), 1000))
        .hasValue(20);
    assertThat(FillForecast.days(sources, new History(120, FIRST, true), day(4), 1000))
        .hasValue(50);
    assertThat(FillForecast.days(sources, new History(200, FIRST, true), day(4), 1000)).isEmpty();
    assertThat(FillForecast.days(sources, new History(200, day(4), true), day(4), 1000))
        .as("what lies there since this moment tells nothing of a day")
        .hasValue(20);
  }

  @Test
  void days_areUnknown_withFewRuns_orNoGrowth() {
    assertThat(FillForecast.days(List.of(), NONE, day(1), 1000)).isEmpty();
    assertThat(FillForecast.days(List.of(daily(500, 500)), NONE, day(1), 1000)).isEmpty();
    assertThat(FillForecast.days(List.of(daily(500, 0, 0)), NONE, day(2), 1000)).isEmpty();
    List<Copied> within = new ArrayList<>();
    for (int hour = 0; hour < 24; hour++) {
      within.add(new Copied(FIRST.plus(Duration.ofHours(hour)), 500));
    }
    assertThat(FillForecast.days(List.of(within), NONE, day(1), 1000)).as("in a day").isEmpty();
    within.add(new Copied(day(1), 500));
    assertThat(FillForecast.days(List.of(within), NONE, day(1), 24_000)).hasValue(2);
  }
}
