package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

final class TimesTest {
  @Test
  void text_isLocal_toTheSecond_withItsOffset() {
    Instant time = Instant.parse("2026-11-22T18:01:04.999Z");
    assertThat(Times.text(time, ZoneId.of("Asia/Tokyo"))).isEqualTo("2026-11-23T03:01:04+09:00");
    assertThat(Times.text(time, ZoneOffset.UTC)).isEqualTo("2026-11-22T18:01:04+00:00");
  }

  @Test
  void ofNanos_countsBackwards_before1970() {
    assertThat(Times.ofNanos(-1)).isEqualTo(Instant.parse("1969-12-31T23:59:59.999999999Z"));
    assertThat(Times.ofNanos(1_000_000_001))
        .isEqualTo(Instant.parse("1970-01-01T00:00:01.000000001Z"));
    assertThat(Times.text(Times.ofNanos(Long.MIN_VALUE), ZoneOffset.UTC)).startsWith("1677-09-21T");
  }
}
