package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.deferredsync.backup.BackupException.Kind;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The target's disk fails: what is said names the target and what to look at. */
@EnabledOnOs(OS.LINUX)
final class FailingDiskTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @ParameterizedTest
  @CsvSource({
    "OPEN_FILE, target-id",
    "OPEN_DIRECTORY, .deferred-sync",
    "STAT_OPEN, target",
    "SYNC_FILE_SYSTEM, target",
    "LIST, staging",
    "OPEN_OWN, generation",
    "RENAME, content"
  })
  void run_namesTheTargetAndTheKernelsLog_whenAnyCallFails(Call call, String name)
      throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(call, name, Errno.EIO);
    fixture.with(posix);

    BackupException failure = catchThrowableOfType(BackupException.class, () -> fixture.run());

    assertThat(failure).isNotNull();
    assertThat(failure.kind()).isEqualTo(Kind.FAILURE);
    assertThat(failure.getMessage())
        .startsWith(fixture.target + ": its disk fails; ")
        .contains(
            "kernel's log", name + "]: input/output error", "nothing that was stored is lost");
    assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void run_tellsWhatFailedFirst_whenTheDiskAnswersNothingMore() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.SYNC_FILE_SYSTEM,
        "target",
        () -> {
          for (Call call : Call.values()) {
            if (call != Call.CLOSE) {
              posix.failAlways(call, Errno.EIO);
            }
          }
        });
    fixture.with(posix);

    BackupException failure = catchThrowableOfType(BackupException.class, () -> fixture.run());

    assertThat(failure).isNotNull();
    assertThat(failure.getMessage()).contains("its disk fails");
  }

  @Test
  void run_holdsASource_thatCanBeOpenedAndNotLookedAt() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    Path other = Files.createDirectory(scratch.resolve("other"));
    ChangingTree.write(fixture.source, "file", "one");
    ChangingTree.write(other, "file", "one");
    fixture.run(fixture.source, other);
    ChangingTree.write(fixture.source, "file", "two, longer");
    ChangingTree.write(other, "file", "two, longer");
    fixture.ahead(Duration.ofSeconds(20));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT_OPEN, fixture.source.toString(), Errno.EIO);

    BackupReport report = fixture.with(posix).run(fixture.source, other);

    assertThat(report.sources())
        .extracting(source -> source.result().state())
        .containsExactly(SourceState.HELD, SourceState.COMPLETE);
    assertThat(report.sources().get(0).result().reason()).contains("input/output error");
    assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    assertThat(fixture.mirror(fixture.source.resolve("file"))).hasContent("one");
    assertThat(fixture.mirror(other.resolve("file"))).hasContent("two, longer");
  }

  /** Linux has closed it even so, and another thread may have been given the number since. */
  @Test
  void run_closesNoDescriptorTwice_whenClosingItFails() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "file", "one");
    fixture.run();
    ChangingTree.write(fixture.source, "file", "two, longer");
    fixture.ahead(Duration.ofSeconds(20));
    SavedTarget saved = SavedTarget.of(fixture);
    FaultyPosix counting = FaultyPosix.ofSystem();
    fixture.with(counting).run();
    long closes = counting.log().stream().filter(made -> made.call() == Call.CLOSE).count();
    for (int number = 1; number <= closes; number++) {
      saved.bringBack();
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failAt(Call.CLOSE, number, Errno.EIO);
      try {
        fixture.with(posix).run();
      } catch (BackupException expected) {
        assertThat(expected).hasMessageContaining("input/output error");
      }
      assertThat(posix.closedTwice()).as("close %d of %d", number, closes).isEmpty();
    }
    assertThat(closes).isGreaterThan(30);
  }
}
