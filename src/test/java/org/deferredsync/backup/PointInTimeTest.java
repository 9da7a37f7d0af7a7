package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.deferredsync.snapshot.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PointInTimeTest {
  private static final ZoneId TOKYO = ZoneId.of("Asia/Tokyo");
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  /** Begun at 03:01:04.5 in Tokyo on three days, and one at the last moment of a day. */
  private static final List<Run> RUNS =
      List.of(
          run(3, "2026-11-20T18:01:04.500Z"),
          run(4, "2026-11-21T18:01:04.500Z"),
          run(6, "2026-11-22T14:59:59.999Z"),
          run(7, "2026-11-22T18:01:04.500Z"));

  private static Run run(long id, String started) {
    return new Run(id, Instant.parse(started), null, null, List.of());
  }

  private static long select(String text, ZoneId zone) {
    return PointInTime.parse(text).select(RUNS, NOW, zone).map(Run::id).orElse(0L);
  }

  @ParameterizedTest
  @CsvSource({
    "latest, 7",
    "3, 3",
    "5, 0",
    "0m, 7",
    "17h, 7",
    "18h, 6",
    "1d, 4",
    "36h, 4",
    "1w, 0",
    "2026-11-20, 0",
    "2026-11-21, 3",
    "2026-11-22, 6",
    "2026-11-23, 7",
    "2026-11-22T03:01, 4",
    "2026-11-22T03:01:04, 4",
    "2026-11-22T03:01:03, 3",
    "2026-11-22 03:00, 3",
    "2026-11-21T18:01:04Z, 4",
    "2026-11-22T03:01:04+09:00, 4",
    "2026-11-21T13:01-05:00, 4",
    "2026-11-22T02:01:04+09:00, 3"
  })
  void select_takesTheLastAtOrBefore(String text, long id) {
    assertThat(select(text, TOKYO)).isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "yesterday",
        "-1",
        "3 d",
        "3y",
        "1.5",
        "2026-02-31",
        "2026-11-23T25:00",
        "2026-11",
        "2026-11-23T03:01:04+25:00",
        "2026-11-23T",
        "9999999999d",
        "LATEST"
      })
  void parse_refusesWhatIsNoTime_andSaysWhatIs(String text) {
    assertThatThrownBy(() -> PointInTime.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'" + text + "' is no time: use latest, ");
  }

  /** A second is all of itself, so that the time by which a run is shown selects it. */
  @ParameterizedTest
  @CsvSource({
    "2026-11-23T09:59:58Z, 0",
    "2026-11-23T09:59:59Z, 3",
    "2026-11-23T10:00:00Z, 4",
    "2026-11-23T10:00:01Z, 5"
  })
  void select_tellsRunsApart_aNanosecondBeforeAndBehindASecond(String text, long id) {
    List<Run> runs =
        List.of(
            run(3, "2026-11-23T09:59:59Z"),
            run(4, "2026-11-23T10:00:00.999999999Z"),
            run(5, "2026-11-23T10:00:01Z"));
    assertThat(PointInTime.parse(text).select(runs, NOW, TOKYO).map(Run::id).orElse(0L))
        .isEqualTo(id);
  }

  @Test
  void select_takesTheLast_forATimeToCome_andNoneBeforeTheFirst() {
    assertThat(select("2099-01-01", TOKYO)).isEqualTo(7);
    assertThat(select("1999-01-01", TOKYO)).isZero();
    assertThat(select("2028-02-29", TOKYO)).isEqualTo(7);
    assertThatThrownBy(() -> PointInTime.parse("2027-02-29"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void select_takesTheEarlier_ofATimeShownTwice_andSkipsAGap() {
    List<Run> autumn = List.of(run(1, "2026-10-25T00:30:00Z"), run(2, "2026-10-25T01:30:00Z"));
    assertThat(PointInTime.parse("2026-10-25T02:30").select(autumn, NOW, BERLIN).map(Run::id))
        .contains(1L);
    List<Run> spring = List.of(run(1, "2026-03-29T00:59:59Z"), run(2, "2026-03-29T01:45:00Z"));
    assertThat(PointInTime.parse("2026-03-29T02:30").select(spring, NOW, BERLIN).map(Run::id))
        .contains(1L);
  }
}
