package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
}
