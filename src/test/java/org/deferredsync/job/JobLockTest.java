package org.deferredsync.job;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.Closeable;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What MainIT cannot bring about. */
final class JobLockTest {
  @Test
  void close_failsNoJob_thatIsOver() {
    Closeable stubborn =
        () -> {
          throw new IOException("Interrupted system call");
        };
    assertThatCode(new JobLock(stubborn, "key")::close).doesNotThrowAnyException();
  }
}
