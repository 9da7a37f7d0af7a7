package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run says that cannot write: the target, what is wrong with it, and what to do. */
@EnabledOnOs(OS.LINUX)
final class WriteTroubleTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ENOSPC | full, ",
        "EDQUOT | its quota is used up; make room",
        "EROFS | has become read-only; see why, its disk may be failing",
        "EFBIG | a file is larger than may be written; raise the limit (ulimit -f), or see",
        "EIO | its disk fails; see the kernel's log, verify what it still has, and replace it",
        "ENFILE | the system has no more of what it takes to write there; end what uses most",
      })
  void run_namesTheTargetAndTheRemedy(Errno errno, String says) throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    for (Call call : new Call[] {Call.CREATE_FILE, Call.LINK, Call.SYNC_FILE_SYSTEM}) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failAlways(call, errno);
      fixture.with(posix);

      BackupException trouble = catchThrowableOfType(BackupException.class, fixture::run);

      assertThat(trouble).as("%s at %s", errno, call).isNotNull();
      assertThat(trouble.kind()).isEqualTo(BackupException.Kind.FAILURE);
      assertThat(trouble.getMessage())
          .startsWith(fixture.target + ": " + says)
          .contains(errno.text())
          .endsWith("; nothing that was stored is lost, the next run goes on from there")
          .doesNotContain("\n");
    }
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }
}
