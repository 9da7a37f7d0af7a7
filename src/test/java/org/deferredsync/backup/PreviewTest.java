package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.snapshot.Counts;
import org.junit.jupiter.api.BeforeEach;
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
  void preview_writesNothing_beforeTheFirstRun() throws Exception {
    Map<String, String> before = TreeText.of(scratch);

    BackupReport report = fixture.preview();

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(report.run()).isNull();
    assertThat(report.sources().get(0).result().counts().added()).isEqualTo(3);
  }

  @Test
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
  void preview_answersAsTheRunWould_whenASourceIsMissing() throws Exception {
    fixture.run();

    BackupReport report = fixture.preview(scratch.resolve("nowhere"), fixture.source);

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
  }
}
