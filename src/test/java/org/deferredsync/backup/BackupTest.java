package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import org.deferredsync.backup.BackupReport.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BackupTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;

  @BeforeEach
  void makeTree() throws IOException {
    fixture = new EngineFixture(scratch);
    Files.writeString(fixture.source.resolve("a"), "one");
    Files.createDirectories(fixture.source.resolve("sub/deep"));
    Files.writeString(fixture.source.resolve("sub/b"), "two");
    Files.writeString(fixture.source.resolve("sub/deep/c"), "three");
    Files.createSymbolicLink(fixture.source.resolve("link"), Path.of("sub/b"));
    Files.createDirectory(fixture.source.resolve("empty"));
    Files.setPosixFilePermissions(
        fixture.source.resolve("sub"), PosixFilePermissions.fromString("r-xr-x---"));
    Files.setLastModifiedTime(
        fixture.source.resolve("a"),
        FileTime.from(Instant.parse("1969-05-06T07:08:09.123456789Z")));
  }

  private void mirrorEqualsSource() throws IOException {
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void run_mirrorsTheSource_first() throws Exception {
    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(report.run()).isEqualTo(1);
    mirrorEqualsSource();
    assertThat(fixture.target.resolve(".deferred-sync/staging")).isEmptyDirectory();
  }

  @Test
  void run_writesNothing_whenNothingChanged() throws Exception {
    fixture.run();
    BackupReport second = fixture.run();

    assertThat(second.sources().get(0).result().counts().unchanged()).isTrue();
    mirrorEqualsSource();
    try (var names = Files.list(fixture.target)) {
      assertThat(names.filter(name -> name.getFileName().toString().startsWith("_backup_")))
          .isEmpty();
    }
  }

  @Test
  void run_putsALink_whereADirectoryWithFilesWas() throws Exception {
    Path directory = Files.createDirectories(fixture.source.resolve("full/below"));
    Files.writeString(directory.resolve("file"), "x");
    fixture.run();
    Files.delete(directory.resolve("file"));
    Files.delete(directory);
    Files.delete(fixture.source.resolve("full"));
    Files.createSymbolicLink(fixture.source.resolve("full"), Path.of("empty"));
    fixture.ahead(Duration.ofSeconds(20));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    mirrorEqualsSource();
  }

  @Test
  void run_followsEveryChange() throws Exception {
    fixture.run();
    Files.writeString(fixture.source.resolve("a"), "changed");
    Files.delete(fixture.source.resolve("sub/b"));
    Files.delete(fixture.source.resolve("sub/deep/c"));
    Files.delete(fixture.source.resolve("sub/deep"));
    Files.writeString(fixture.source.resolve("sub/deep"), "a file now");
    Files.delete(fixture.source.resolve("link"));
    Files.createDirectory(fixture.source.resolve("link"));
    Files.writeString(fixture.source.resolve("link/inside"), "x");
    Files.setPosixFilePermissions(
        fixture.source.resolve("empty"), PosixFilePermissions.fromString("rwx------"));
    fixture.ahead(Duration.ofSeconds(20));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    mirrorEqualsSource();
    fixture.ahead(Duration.ofSeconds(30));
    assertThat(fixture.run().sources().get(0).result().counts().unchanged()).isTrue();
  }
}
