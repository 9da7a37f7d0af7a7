package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

/** How a failure is told that no plugin has told of. */
final class CommandLineProgramTest {
  @Test
  void failure_isPathAndCause_andNamesAnExceptionOnlyWhereThatIsTheCause() {
    assertThat(
            CommandLineProgram.said(
                new FileSystemException("/run/lock/job.tmp", null, "Read-only file system")))
        .isEqualTo("/run/lock/job.tmp: Read-only file system");
    assertThat(CommandLineProgram.said(new AccessDeniedException("/run/lock/job.tmp")))
        .isEqualTo("AccessDeniedException: /run/lock/job.tmp");
  }
}
