package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Files that not even root may change: they are backed up, and a restore leaves them alone. */
@EnabledOnOs(OS.LINUX)
final class ImmutableFilesTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path source;
  private boolean flagged;

  @BeforeEach
  void make() throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root makes files immutable");
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.make(source);
    try {
      flag("+i", "content");
      flagged = true;
      flag("+a", "same-size");
      flag("+i", "nested");
    } catch (IOException e) {
      assumeTrue(false, "no such flags here: " + e.getMessage());
    }
  }

  private void flag(String flag, String name) throws IOException {
    Shell.run("chattr", flag, source.resolve(name).toString());
  }

  @AfterEach
  void release() throws IOException {
    if (flagged) {
      for (String name : List.of("content", "same-size", "nested")) {
        Shell.run("chattr", "-ia", source.resolve(name).toString());
      }
    }
  }

  @Test
  void run_storesThem_andRestoreNamesWhatItMayNotChange() throws Exception {
    Map<String, String> first = TreeText.of(source);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).as("without the flags").isEqualTo(first);
    flag("-i", "content");
    flag("-a", "same-size");
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "same-size", "54321");
    ChangingTree.write(source, "mode", "changed too");
    flag("+i", "content");
    flag("+a", "same-size");
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);

    try (LogCapture log = new LogCapture("restore")) {
      Restorer.Result result = restoreInPlace();

      assertThat(result.failed()).isEqualTo(2);
      assertThat(log.lines())
          .filteredOn(line -> line.contains(": operation not permitted"))
          .hasSize(2)
          .anyMatch(line -> line.contains(source.resolve("content") + ": "))
          .anyMatch(line -> line.contains(source.resolve("same-size") + ": "));
    }
    assertThat(source.resolve("content")).hasContent("two, longer");
    assertThat(source.resolve("same-size")).hasContent("54321");
    assertThat(source.resolve("mode")).as("the others come back").hasContent("mode");
    flag("-i", "content");
    flag("-a", "same-size");

    assertThat(restoreInPlace().failed()).isZero();

    assertThat(TreeText.of(source)).containsAllEntriesOf(first);
  }

  private Restorer.Result restoreInPlace() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
      return new Restorer(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("restore"))
          .restoreInPlace(List.of(EngineFixture.filePath(source)), RestoreChange.Watcher.NONE);
    }
  }
}
