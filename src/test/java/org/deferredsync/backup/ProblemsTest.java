package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class ProblemsTest {
  private final Problems problems = new Problems(LoggerFactory.getLogger("problems"));

  @Test
  void unreadable_counts_whenThePathWasInconsistentBefore() {
    FilePath path = FilePath.of("/a");

    problems.inconsistent(path);
    problems.unreadable(path, new IOException("input/output error"));
    problems.unreadable(path, new IOException("input/output error"));

    assertThat(problems.unreadable()).isEqualTo(1);
    assertThat(problems.inconsistent()).isEqualTo(1);
  }

  /** A log that a whole unreadable disk fills is read by nobody. */
  @Test
  void problems_areNamedAHundredTimes_andCountedToTheEnd() {
    try (LogCapture log = new LogCapture("problems")) {
      for (int i = 0; i < 103; i++) {
        problems.inconsistent(FilePath.of("/a" + i));
        problems.inconsistent(FilePath.of("/a" + i));
      }

      assertThat(problems.inconsistent()).isEqualTo(103);
      assertThat(log.lines())
          .hasSize(100)
          .startsWith(
              "WARN problems: /a0: was being written while it was read; the copy may be torn")
          .endsWith(
              "WARN problems: /a99: was being written while it was read; the copy may be torn");
    }
  }
}
