package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ManifestNameTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"000000000345-run-12.gz", "000000000345-all.gz", "1000000000345-run-0.gz"})
  void parse_takesWhatARunWrites(String name) {
    assertThat(ManifestName.parse(name)).get().hasToString(name);
  }

  /** Else two files could be the manifest of one batch. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "345-run-12.gz",
        "0000000000345-run-12.gz",
        "000000000345-run-012.gz",
        "000000000345-run-.gz",
        "000000000345-all",
        "x000000000345-all.gz"
      })
  void parse_refusesEveryOtherWayToWriteIt(String name) {
    assertThat(ManifestName.parse(name)).isEmpty();
  }
}
