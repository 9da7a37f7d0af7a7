package org.deferredsync.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.List;

/** The figures of full sweeps: one line of a table in doc/SWEEPS.md each, the newest last. */
final class SweepFigures {
  private static final Path DOCUMENT = Path.of("doc/SWEEPS.md");

  private SweepFigures() {}

  /**
   * Adds a line, unless there are fewer points than in the last one of this part. Some changes are
   * random: with another seed there may be a fifth fewer.
   */
  static void keep(String part, long seed, int points, Duration time, List<String> notes)
      throws IOException {
    assertThat(points)
        .as("points; if fewer are meant, remove the last line of %s from %s", part, DOCUMENT)
        .isGreaterThanOrEqualTo(atLeast(Files.readAllLines(DOCUMENT), part, seed));
    String line =
        String.format(
            "| %s | %s | %s | %d | 0 | %d min | `src/test/run --full %s %d` | %s |%n",
            LocalDate.now(ZoneId.systemDefault()),
            System.getProperty("sweep.commit", "unknown"),
            part,
            points,
            Math.max(1, time.toMinutes()),
            part.split(" ", 2)[0],
            seed,
            String.join("; ", notes));
    Files.writeString(DOCUMENT, line, StandardOpenOption.APPEND);
  }

  static int atLeast(List<String> lines, String part, long seed) {
    int least = 0;
    for (String line : lines) {
      String[] cells = line.split("\\|", -1);
      if (cells.length > 7 && cells[3].strip().equals(part)) {
        int last = Integer.parseInt(cells[4].strip());
        least = cells[7].strip().endsWith(" " + seed + "`") ? last : last - last / 5;
      }
    }
    return least;
  }
}
