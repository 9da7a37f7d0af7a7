package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class StatusLineTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StatusLine line =
      new StatusLine(new PrintStream(out, true, StandardCharsets.UTF_8));

  @Test
  void record_standsAboveIt() {
    Screen screen = new Screen(line, Level.INFO, false);
    screen.write(Level.INFO, "first");
    line.show("50 %");
    screen.write(Level.INFO, "second");
    line.show("100 %");
    line.show("");
    screen.write(Level.INFO, "third");

    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "first\n"
                + "50 %"
                + "\r    \rsecond\n50 %"
                + "\r    \r100 %"
                + "\r     \r"
                + "third\n");
  }
}
