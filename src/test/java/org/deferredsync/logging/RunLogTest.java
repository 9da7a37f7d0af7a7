package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

final class RunLogTest {
  private static void say(RunLog log, Level level, String name, String sentence, boolean result) {
    log.write(new LogRecord(level, Instant.EPOCH, name, sentence), ZoneOffset.UTC, result);
  }

  private static String text(RunLog log) throws Exception {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(log.compressed()))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void log_keepsRecords_andCountsThemByName() throws Exception {
    RunLog log = new RunLog();
    say(log, Level.INFO, "a", "1 file added", true);
    say(log, Level.INFO, "a", "started", false);
    say(log, Level.WARN, "a", "x\ny", false);
    say(log, Level.WARN, "a", "x\ny", false);
    say(log, Level.ERROR, "b", "z", false);

    assertThat(log.results("a")).containsExactly("1 file added");
    assertThat(log.warnings("a")).isEqualTo(2);
    assertThat(log.errors("a")).isZero();
    assertThat(log.errors("b")).isOne();
    assertThat(log.troubles()).containsExactly("[WARN] a: x\\x0ay", "[ERROR] b: z");
    assertThat(text(log)).hasLineCount(5).startsWith("[INFO] 1970-01-01T00:00:00+00:00 a: 1 file");
    assertThat(log.bytes()).isEqualTo(text(log).length());
    say(log, Level.ERROR, "b", "after its end", false);
    assertThat(text(log)).hasLineCount(5);
  }

  @Test
  void log_ends_whenItIsFull_andSaysHowMuchIsMissing() throws Exception {
    RunLog log = new RunLog(2000);
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      say(log, Level.INFO, "a", Long.toHexString(random.nextLong()), false);
    }
    assertThat(log.dropped()).isPositive();
    assertThat(text(log).lines().count()).isEqualTo(20_000 - log.dropped());
    assertThat(log.compressed().length).isLessThan(200_000);
  }
}
