package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.logging.StatusLine;
import org.junit.jupiter.api.Test;

final class ProgressBarsTest {
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final ProgressBars bars =
      new ProgressBars(
          new StatusLine(new PrintStream(screen, true, StandardCharsets.UTF_8)), () -> 100);

  private List<String> drawn() {
    return Arrays.stream(screen.toString(StandardCharsets.UTF_8).split("\r", -1))
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .toList();
  }

  /** Waits for the bar's thread to draw what is wanted. */
  private String drawn(Predicate<String> wanted) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (System.nanoTime() < end) {
      for (String text : drawn()) {
        if (wanted.test(text)) {
          return text;
        }
      }
      Thread.sleep(20);
    }
    throw new AssertionError("not drawn; there is: " + drawn());
  }

  @Test
  void bar_showsFilesBytesRateAndTimeLeft() throws Exception {
    bars.begin(Phase.COPY, 10, 100 << 20);
    bars.advance(3, 25 << 20);

    String text = drawn(line -> line.contains("25%") && !line.contains("? MiB/s"));

    assertThat(text)
        .startsWith("Copying")
        .contains("25/100 MiB")
        .endsWith(" 3 files")
        .containsPattern("\\(\\d+:\\d\\d:\\d\\d / \\d+:\\d\\d:\\d\\d\\)")
        .containsPattern("[0-9.]+ MiB/s");
    bars.end();
  }

  @Test
  void bar_countsFiles_whereNothingElseIsKnown() throws Exception {
    bars.begin(Phase.SCAN, Progress.UNKNOWN, Progress.UNKNOWN);
    bars.advance(1234, 5 << 20);

    assertThat(drawn(line -> line.contains("1234"))).startsWith("Scanning").contains(" files");
    bars.end();
  }

  @Test
  void bar_isGone_whenThePhaseHasEnded() {
    bars.begin(Phase.VERIFY, 2, 200);
    bars.end();

    String all = screen.toString(StandardCharsets.UTF_8);
    assertThat(all).as("blanks, and back to the beginning of the line").endsWith(" \r");
    bars.advance(1, 1);
    bars.end();
    assertThat(screen.toString(StandardCharsets.UTF_8)).isEqualTo(all);
  }

  @Test
  void advance_losesNothing_byManyThreads() throws Exception {
    bars.begin(Phase.COPY, 80_000, Progress.UNKNOWN);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread thread =
          new Thread(
              () -> {
                for (int n = 0; n < 10_000; n++) {
                  bars.advance(1, 0);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(drawn(line -> line.contains("100%"))).contains("80000/80000");
    bars.end();
  }
}
