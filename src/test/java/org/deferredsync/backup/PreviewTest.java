package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.Counts;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PreviewTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;

  @BeforeEach
  void makeTree() throws IOException {
    fixture = new EngineFixture(scratch);
    Files.writeString(fixture.source.resolve("a"), "one");
    Files.writeString(fixture.source.resolve("b"), "two");
  }

  @Test
  @Tag("rule-6")
  void preview_writesNothing_beforeTheFirstRun() throws Exception {
    Map<String, String> before = TreeText.of(scratch);

    BackupReport report = fixture.preview();

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(report.run()).isNull();
    assertThat(report.sources().get(0).result().counts().added()).isEqualTo(3);
  }

  @Test
  @Tag("rule-6")
  void preview_tellsWhatTheRunThenDoes_andWritesNothing() throws Exception {
    fixture.run();
    Files.writeString(fixture.source.resolve("a"), "another");
    Files.delete(fixture.source.resolve("b"));
    Files.writeString(fixture.source.resolve("c"), "three");
    fixture.ahead(Duration.ofSeconds(60));
    Map<String, String> before = TreeText.of(scratch);

    Counts planned = fixture.preview().sources().get(0).result().counts();

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(fixture.run().sources().get(0).result().counts()).isEqualTo(planned);
  }

  @Test
  void forecast_namesTheLargestChanges_andWritesNothing() throws Exception {
    for (int i = 0; i < 12; i++) {
      Path tree = Files.createDirectories(fixture.source.resolve("tree" + i));
      for (int n = 0; n < i; n++) {
        Files.writeString(tree.resolve("file" + n), "x");
      }
    }
    fixture.run();
    for (int i = 0; i < 12; i++) {
      TargetChecks.delete(fixture.source.resolve("tree" + i));
      Files.writeString(fixture.source.resolve("new" + i), "x".repeat(100 + i));
    }
    Files.writeString(fixture.source.resolve("a"), "x".repeat(1000));
    Files.delete(fixture.source.resolve("b"));
    fixture.ahead(Duration.ofSeconds(60));
    Map<String, String> before = TreeText.of(scratch);

    Forecast forecast = fixture.forecast(fixture.source);

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(forecast.additions())
        .extracting(each -> each.path().toString().substring(fixture.source.toString().length()))
        .containsExactly(
            "/a", "/new11", "/new10", "/new9", "/new8", "/new7", "/new6", "/new5", "/new4",
            "/new3");
    assertThat(forecast.removals()).hasSize(10);
    assertThat(forecast.removals().get(0))
        .isEqualTo(
            new Forecast.Removal(EngineFixture.filePath(fixture.source.resolve("tree11")), 12, 11));
    assertThat(forecast.room().shortage()).isEmpty();
    assertThat(forecast.room().neededBytes())
        .isGreaterThan(forecast.report().sources().get(0).result().counts().copiedBytes());
    assertThat(forecast.expiring()).isEmpty();
  }

  @Test
  void forecast_namesWhatWouldExpire_asTheRunThenDoes() throws Exception {
    fixture.with(new Retention(2, 1));
    fixture.run();
    Files.writeString(fixture.source.resolve("a"), "another");
    fixture.ahead(Duration.ofDays(5));

    Forecast forecast = fixture.forecast(fixture.source);

    assertThat(forecast.expiring())
        .containsExactly(
            new Forecast.Expiring(
                EngineFixture.filePath(fixture.source), 1, "4 days old (EXPIREDAYS=2)"));
    fixture.run();
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(2L);
  }

  @Test
  void preview_answersAsTheRunWould_whenASourceIsMissing() throws Exception {
    fixture.run();

    BackupReport report = fixture.preview(scratch.resolve("nowhere"), fixture.source);

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
  }

  @Test
  void forecast_countsWhatIsToBeCopied_andWhatGoesFromEachDirectory() throws Exception {
    ChangingTree.write(fixture.source, "one/a", "a");
    ChangingTree.write(fixture.source, "one/b", "bb");
    ChangingTree.write(fixture.source, "two/c", "ccc");
    ChangingTree.write(fixture.source, "two/moves", "moves");
    ChangingTree.write(fixture.source, "same-size", "one");
    ChangingTree.write(fixture.source, "mode", "m");
    Files.createSymbolicLink(fixture.source.resolve("link"), Path.of("nowhere"));
    Files.createDirectory(fixture.source.resolve("directory"));
    fixture.run();
    Files.delete(fixture.source.resolve("one/a"));
    Files.delete(fixture.source.resolve("one/b"));
    Files.delete(fixture.source.resolve("two/c"));
    Files.move(fixture.source.resolve("two/moves"), fixture.source.resolve("moved"));
    ChangingTree.write(fixture.source, "same-size", "two");
    Files.setPosixFilePermissions(
        fixture.source.resolve("mode"), PosixFilePermissions.fromString("rw-------"));
    Files.delete(fixture.source.resolve("link"));
    ChangingTree.write(fixture.source, "link", "a file now");
    Files.delete(fixture.source.resolve("directory"));
    ChangingTree.write(fixture.source, "directory", "a file too");
    fixture.ahead(Duration.ofSeconds(60));

    Forecast forecast = fixture.forecast(fixture.source);

    assertThat(forecast.additions())
        .extracting(addition -> addition.path().toString() + " " + addition.bytes())
        .containsExactlyInAnyOrder(
            fixture.source + "/link 10",
            fixture.source + "/directory 10",
            fixture.source + "/same-size 3");
    assertThat(forecast.removals())
        .extracting(gone -> gone.path() + " " + gone.entries() + " " + gone.bytes())
        .contains(fixture.source + "/one 2 3", fixture.source + "/two 1 3");
  }

  @Test
  void preview_saysWhatWouldExpire_andWhatKeepsItFromThat() throws Exception {
    fixture.with(new Retention(2, 1));
    fixture.run();
    Files.writeString(fixture.source.resolve("a"), "another");
    try (LogCapture log = new LogCapture("incremental_backup")) {
      fixture.ahead(Duration.ofDays(5));
      fixture.preview();
      assertThat(log.lines())
          .anyMatch(
              line ->
                  line.endsWith(
                      fixture.source + ": snapshot 1 would expire: 4 days old (EXPIREDAYS=2)."));
      fixture.ahead(Duration.ofDays(-5));
      int said = log.lines().size();
      fixture.preview();
      assertThat(log.lines().subList(said, log.lines().size()))
          .anyMatch(line -> line.startsWith("WARN") && line.contains("Nothing would expire: "))
          .noneMatch(line -> line.contains("would expire: 4 days"));
    }
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
  }
}
