package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RetentionTest {
  private static final FilePath SOURCE = FilePath.of("/etc");
  private static final Instant NOW = Instant.parse("2026-11-23T03:00:00Z");

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
      Instant started = NOW.minus(Duration.ofDays(days));
      RunSource source = new RunSource(SOURCE, state, "", Counts.NONE, word.endsWith("x"));
      runs.add(new Run(runs.size() + 1L, started, started, null, List.of(source)));
    }
    return runs;
  }

  @ParameterizedTest
  @CsvSource({
    "15, 3, 20c 10c 5c 1c 0c, 2 3 4 5",
    "15, 3, 15c 14c 5c 1c 0c, 2 3 4 5",
    "1, 3, 9c 8c 7c 6c, 2 3 4",
    "1, 1, 9c 8c 7c 6c, 4",
    "1, 2, 9c 8c 7p 6p, 1 2",
    "1, 2, 9c 8h 7i 6c 5c, 4 5",
    "1, 2, 9x 8c 7c 6c, 3 4",
    "15, 1, 3p 2h 1i, 1",
    "15, 9, 40p 0c, 2",
  })
  void decide_keeps(int expireDays, int keepMin, String runs, String kept) {
    List<String> keeping =
        new Retention(expireDays, keepMin)
            .decide(SOURCE, runs(runs), NOW).stream()
                .filter(Retention.Decision::keep)
                .map(decision -> Long.toString(decision.run().id()))
                .toList();

    assertThat(String.join(" ", keeping)).isEqualTo(kept);
  }

  @Test
  void decide_givesAReason_forEach() {
    assertThat(new Retention(15, 1).decide(SOURCE, runs("40c 20c 1c"), NOW))
        .extracting(Retention.Decision::reason)
        .containsExactly(
            "40 days old, EXPIREDAYS=15",
            "20 days old, EXPIREDAYS=15",
            "younger than EXPIREDAYS=15");
  }

  @Test
  void decide_leavesOtherSourcesAlone() {
    assertThat(new Retention(1, 1).decide(FilePath.of("/home"), runs("9c 8c"), NOW)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1c, false", "31c 1c, false", "32c 1c, true", "1c 2c, true", "40c 2c 1c, false"})
  void clockDoubt_isTold_whenTheClockLeaptOrWentBack(String runs, boolean doubted) {
    assertThat(Retention.clockDoubt(runs(runs)).isEmpty()).isEqualTo(!doubted);
  }
}
