package org.deferredsync.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SweepFiguresTest {
  private static final List<String> LINES =
      List.of(
          "| part | a point is |",
          "| 2026-11-01 | abc | points | 50 | 0 | 1 min | `src/test/run --full points 7` |  |",
          "| 2026-11-02 | abd | points | 100 | 0 | 1 min | `src/test/run --full points 17` |  |",
          "| 2026-11-03 | abe | errno | 900 | 0 | 1 min | `src/test/run --full errno 7` |  |");

  @Test
  void aSweep_meetsNoFewerPointsThanTheLastOne_withItsSeed() {
    assertThat(SweepFigures.atLeast(LINES, "points", 17)).isEqualTo(100);
    assertThat(SweepFigures.atLeast(LINES, "points", 7)).isEqualTo(80);
    assertThat(SweepFigures.atLeast(LINES, "flips of a source", 7)).isZero();
  }
}
