package org.deferredsync.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "PT0S,0s",
    "PT0.04S,0s",
    "PT0.26S,0.3s",
    "PT12S,12s",
    "PT59.94S,59.9s",
    "PT60S,1m",
    "PT61S,1m1s",
    "PT59M,59m",
    "PT1H,1h",
    "PT24H,24h",
    "PT1H1M1S,1h1m"
  })
  void format_keepsWhatPeopleWantToKnow(String length, String text) {
    assertThat(Durations.format(Duration.parse(length))).isEqualTo(text);
  }
}
