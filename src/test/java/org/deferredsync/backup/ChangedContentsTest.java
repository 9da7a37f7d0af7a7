package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** When most files get other bytes in one run, what they were is kept until somebody says so. */
@EnabledOnOs(OS.LINUX)
final class ChangedContentsTest {
  private static final int FILES = 120;
  private static final Retention SHORT = new Retention(1, 1);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private int days;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch).with(Guard.USUAL).with(new Retention(100, 1));
    source = fixture.source;
    for (int i = 0; i < FILES; i++) {
      ChangingTree.write(source, "d" + i % 4 + "/f" + i, "text of " + i);
    }
    ChangingTree.link(source, "second-name", "d0/f0");
  }

  private SourceReport run() throws Exception {
    days++;
    fixture.ahead(Duration.ofDays(days));
    return fixture.run().sources().get(0);
  }

  /** So many runs of which each changes so many files. */
  private void experience(int runs, int changing) throws Exception {
    for (int i = 0; i < runs; i++) {
      rewrite(i == 0 ? 0 : changing, "round " + i);
      assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
    }
  }

  private void rewrite(int files, String text) throws IOException {
    for (int i = 0; i < files; i++) {
      ChangingTree.write(source, "d" + i % 4 + "/f" + i, text + " of " + i);
    }
  }

  private static boolean isAlarm(SourceReport report) {
    return report.result().hold(Kind.CONTENT_CHANGED).isPresent();
  }

  @Test
  void run_keepsTheOldVersions_whenMostContentsChangeAtOnce() throws Exception {
    experience(10, 3);
    rewrite(100, "ENCRYPTED");

    SourceReport report = run();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(report.result().state()).as("applied").isEqualTo(SourceState.COMPLETE);
    assertThat(fixture.mirror(source.resolve("d1/f1"))).hasContent("ENCRYPTED of 1");
    assertThat(report.result().hold(Kind.CONTENT_CHANGED))
        .as("100 files, of which one has two names")
        .contains(new Hold(Kind.CONTENT_CHANGED, 101, FILES + 1));
    assertThat(report.result().reason())
        .contains("101 of 121 files got other contents (83 %, GUARD_PERCENT is 30)")
        .endsWith("deferred-sync run --approve " + source);

    fixture.with(SHORT);
    for (int i = 0; i < 3; i++) {
      SourceReport later = run();
      assertThat(later.verdict()).isEqualTo(Verdict.FAILED);
      assertThat(later.result().hold(Kind.CONTENT_CHANGED))
          .isEqualTo(report.result().hold(Kind.CONTENT_CHANGED));
    }
    assertThat(TargetChecks.snapshots(fixture)).contains(1L, 10L);
    assertThat(prune().sources().get(0).decisions()).allMatch(Decision::keep);
    assertThat(prune().sources().get(0).decisions().get(0).reason())
        .isEqualTo(
            "101 of 121 files got other contents at once; if that is meant: deferred-sync run"
                + " --approve "
                + source);

    fixture.approves(source);
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
    fixture.approves();
    assertThat(TargetChecks.snapshots(fixture)).doesNotContain(1L, 10L);
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  private Prune.Report prune() throws Exception {
    return fixture.prune(source).run(SHORT);
  }

  @Test
  void alarm_goesAlong_throughRunsThatHoldTheSource_andPreviews() throws Exception {
    experience(10, 0);
    rewrite(FILES, "ENCRYPTED");
    assertThat(isAlarm(run())).isTrue();
    Path away = scratch.resolve("away");
    Files.move(source, away);
    SourceReport held = run();
    assertThat(held.result().state()).isEqualTo(SourceState.HELD);
    assertThat(held.result().holds())
        .extracting(Hold::kind)
        .containsExactly(Kind.MISSING, Kind.CONTENT_CHANGED);
    Files.move(away, source);

    days++;
    fixture.ahead(Duration.ofDays(days));
    assertThat(fixture.preview().verdict()).isEqualTo(Verdict.FAILED);
    assertThat(isAlarm(run())).isTrue();
  }

  @Test
  void run_isNotAlarmed_withLessExperience() throws Exception {
    experience(9, 0);
    rewrite(FILES, "ENCRYPTED");
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_isNotAlarmed_whereSoMuchChangesEveryTime() throws Exception {
    experience(10, 20);
    rewrite(60, "as three times before");
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_isNotAlarmed_byMetadata_orByCopiesOfTheSameBytes() throws Exception {
    experience(10, 0);
    for (int i = 0; i < FILES; i++) {
      Path file = source.resolve("d" + i % 4 + "/f" + i);
      if (i % 3 == 0) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      } else if (i % 3 == 1) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
      } else {
        byte[] bytes = Files.readAllBytes(file);
        Files.delete(file);
        Files.write(file, bytes);
      }
    }
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_logsTheAlarm_inOneLine() throws Exception {
    experience(10, 0);
    rewrite(FILES, "ENCRYPTED");
    List<String> lines;
    try (LogCapture log = new LogCapture("incremental_backup")) {
      run();
      lines = log.lines();
    }
    assertThat(lines)
        .contains(
            "INFO incremental_backup: "
                + EngineFixture.filePath(source)
                + ": nothing of it expires until the change of its contents is approved.");
  }
}
