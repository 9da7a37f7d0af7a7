package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that somebody writes to while they are read. */
@EnabledOnOs(OS.LINUX)
final class ChangingFilesTest {
  /** More than is read at once. */
  private static final int LARGE = 3 * FileCopy.SMALL;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path file;
  private int changes;

  /** What a writer does. */
  enum Change {
    GROW {
      @Override
      void make(Path file, int number) throws IOException {
        Files.writeString(file, "more " + number, StandardOpenOption.APPEND);
      }
    },
    CUT {
      @Override
      void make(Path file, int number) throws IOException {
        try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    },
    REWRITE {
      @Override
      void make(Path file, int number) throws IOException {
        byte[] bytes = new byte[(int) Files.size(file)];
        java.util.Arrays.fill(bytes, (byte) number);
        try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
          channel.write(java.nio.ByteBuffer.wrap(bytes));
        }
      }
    },
    TOUCH {
      @Override
      void make(Path file, int number) throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L + number));
      }
    },
    REPLACE {
      @Override
      void make(Path file, int number) throws IOException {
        Path other = file.resolveSibling("other");
        Files.writeString(other, "another file " + number);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
      }
    };

    abstract void make(Path file, int number) throws IOException;
  }

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    file = fixture.source.resolve("file");
    Files.writeString(file, "old");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    fixture.ahead(Duration.ofSeconds(20));
    byte[] bytes = new byte[LARGE];
    java.util.Arrays.fill(bytes, (byte) 'x');
    Files.write(file, bytes);
  }

  @ParameterizedTest
  @EnumSource(Change.class)
  void run_readsAgain_whatChangedOnce(Change change) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.READ, "file", () -> change.make(file, ++changes));
    fixture.with(posix);

    BackupReport report = fixture.run();

    assertThat(changes).isEqualTo(1);
    if (change != Change.REPLACE) {
      assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
      assertThat(fixture.mirror(file)).hasSameBinaryContentAs(file);
    }
    nextRunIsSound();
  }

  private boolean isInconsistent() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader
          .catalogue()
          .entries()
          .find(EngineFixture.filePath(file))
          .orElseThrow()
          .version()
          .inconsistent();
    }
  }

  private void nextRunIsSound() throws Exception {
    fixture.with(Posix.ofSystem()).ahead(Duration.ofSeconds(60));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).containsKey("file");
  }

  @ParameterizedTest
  @EnumSource(
      value = Change.class,
      names = {"GROW", "REWRITE", "TOUCH"})
  void run_keepsATornCopy_andSaysSo_whereItNeverHoldsStill(Change change) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (int attempt = 0; attempt < 40; attempt++) {
      posix.before(Call.READ, "file", attempt + 1, () -> change.make(file, ++changes));
    }
    fixture.with(posix);
    try (LogCapture log = new LogCapture("incremental_backup")) {
      BackupReport report = fixture.run();

      assertThat(changes).as("three attempts").isGreaterThanOrEqualTo(3);
      assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
      assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.COMPLETE);
      assertThat(log.lines())
          .filteredOn(line -> line.contains(file + ": "))
          .containsExactly(
              "WARN incremental_backup: "
                  + file
                  + ": was being written while it was read; the copy may be torn");
    }
    assertThat(TargetChecks.verify(fixture).good()).as("what was stored is known").isTrue();
    assertThat(isInconsistent()).isTrue();
    nextRunIsSound();
    assertThat(isInconsistent()).as("read whole by now").isFalse();
  }
}
