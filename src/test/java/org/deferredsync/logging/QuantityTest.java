package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class QuantityTest {
  @Test
  void of_saysTheSingular_ofOneAlone() {
    assertThat(Quantity.of(0, "file")).isEqualTo("0 files");
    assertThat(Quantity.of(1, "file")).isEqualTo("1 file");
    assertThat(Quantity.of(2, "file")).isEqualTo("2 files");
    assertThat(Quantity.of(1, "entry was", "entries were")).isEqualTo("1 entry was");
    assertThat(Quantity.of(21, "entry was", "entries were")).isEqualTo("21 entries were");
  }
}
