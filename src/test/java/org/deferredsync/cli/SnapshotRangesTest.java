package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class SnapshotRangesTest {
  private static final List<Long> IDS = List.of(1L, 2L, 5L, 6L, 7L, 9L);

  @Test
  void text_joinsNeighboursInTheList_whateverTheirIds() {
    assertThat(SnapshotRanges.text(IDS, List.of(0, 1, 2))).isEqualTo("1-5");
    assertThat(SnapshotRanges.text(IDS, List.of(0, 1, 2, 3, 4, 5))).isEqualTo("1-9");
    assertThat(SnapshotRanges.text(IDS, List.of(0, 2, 3, 5))).isEqualTo("1,5-6,9");
    assertThat(SnapshotRanges.text(IDS, List.of(4))).isEqualTo("7");
    assertThat(SnapshotRanges.text(IDS, List.of())).isEmpty();
  }

  @Test
  void text_ofAStretch() {
    assertThat(SnapshotRanges.text(List.of(3L))).isEqualTo("3");
    assertThat(SnapshotRanges.text(List.of(3L, 4L, 8L))).isEqualTo("3-8");
  }
}
