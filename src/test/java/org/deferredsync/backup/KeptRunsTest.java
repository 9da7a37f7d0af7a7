package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;
import org.junit.jupiter.api.Test;

final class KeptRunsTest {
  private static final FilePath SOURCE = FilePath.of("/s");

  private static Run run(long id, SourceState state, boolean expired) {
    RunSource source =
        new RunSource(SOURCE, state, "", Counts.NONE, expired, new Turnover(0, 0), List.of());
    return new Run(id, Instant.EPOCH.plusSeconds(id), null, null, List.of(source));
  }

  @Test
  void gap_reachesToTheNextKeptRuns_andToTheEnds() {
    KeptRuns kept =
        new KeptRuns(
            List.of(
                run(1, SourceState.COMPLETE, true),
                run(2, SourceState.COMPLETE, false),
                run(3, SourceState.PARTIAL, true),
                run(4, SourceState.PARTIAL, false),
                run(5, SourceState.HELD, false)));

    assertThat(kept.count(SOURCE)).isEqualTo(2);
    assertThat(kept.around(SOURCE, 1)).isEqualTo(new KeptRuns.Gap(0, 2));
    assertThat(kept.around(SOURCE, 3)).isEqualTo(new KeptRuns.Gap(2, 4));
    assertThat(kept.around(SOURCE, 5)).isEqualTo(new KeptRuns.Gap(4, Long.MAX_VALUE));
    FilePath other = FilePath.of("/other");
    assertThat(kept.count(other)).isZero();
    assertThat(kept.around(other, 1)).isEqualTo(new KeptRuns.Gap(0, Long.MAX_VALUE));
  }
}
