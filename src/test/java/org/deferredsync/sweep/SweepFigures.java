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

  /** Adds a line, unless there are fewer points than in the last one of this part. */
  static void keep(String part, long seed, int points, Duration time, List<String> notes)
      throws IOException {
    assertThat(points)
        .as("points; if fewer are meant, remove the last line of %s from %s", part, DOCUMENT)
        .isGreaterThanOrEqualTo(last(part));
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

  private static int last(String part) throws IOException {
    int last = 0;
    for (String line : Files.readAllLines(DOCUMENT)) {
      String[] cells = line.split("\\|", -1);
      if (cells.length > 4 && cells[3].strip().equals(part)) {
        last = Integer.parseInt(cells[4].strip());
      }
    }
    return last;
  }
}
