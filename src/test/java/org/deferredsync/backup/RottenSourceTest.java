package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

/** A source on a disk that gives back other bytes than were written, and no trace of it. */
@EnabledOnOs(OS.LINUX)
final class RottenSourceTest {
  private static final String TEXT = "what a disk forgets one bit of, " + System.nanoTime();
  private static final DailyVerification.Limits ALL =
      new DailyVerification.Limits(100, Duration.ofMinutes(30));

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path image;
  private boolean mounted;

  @BeforeEach
  void makeDisk() throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a disk");
    fixture = new EngineFixture(scratch);
    image = scratch.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(4 << 20);
    }
    Shell.run("mkfs.ext4", "-q", "-O", "^metadata_csum", image.toString());
    try {
      mount();
    } catch (IOException e) {
      assumeTrue(false, "this system lets nobody mount: " + e.getMessage());
    }
    ChangingTree.write(fixture.source, "rots", TEXT);
    ChangingTree.write(fixture.source, "stays", "as it is");
  }

  private void mount() throws IOException {
    Shell.run("mount", "-o", "loop", image.toString(), fixture.source.toString());
    mounted = true;
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted) {
      Shell.run("umount", fixture.source.toString());
      mounted = false;
    }
  }

  private void flipABit() throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(TEXT);
    assertThat(at).isPositive();
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(at);
      file.write(bytes[at] ^ 4);
    }
  }

  private Verdict daily() throws Exception {
    BackupReport report = fixture.run();
    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    return new DailyVerification(
            fixture.engine(),
            fixture.request(fixture.source),
            ALL,
            LoggerFactory.getLogger("daily"))
        .run(report);
  }

  @Test
  void run_reportsIt_andKeepsBothVersions() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    unmount();
    flipABit();
    mount();
    Path file = fixture.source.resolve("rots");
    assertThat(Files.readString(file)).as("rotten").isNotEqualTo(TEXT).hasSameSizeAs(TEXT);

    fixture.ahead(Duration.ofDays(2));
    try (LogCapture log = new LogCapture("daily")) {
      assertThat(daily()).isEqualTo(Verdict.FAILED);

      assertThat(log.lines())
          .filteredOn(line -> line.startsWith("ERROR"))
          .singleElement()
          .asString()
          .contains(file + ": ")
          .contains("its bytes changed and nothing else");
    }
    assertThat(fixture.mirror(file)).hasContent(TEXT);

    fixture.ahead(Duration.ofDays(4));
    assertThat(daily()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
    assertThat(fixture.mirror(file)).hasContent(Files.readString(file));
    assertThat(TargetChecks.restored(fixture, 1).get("rots"))
        .isNotEqualTo(TreeText.of(fixture.source).get("rots"));
  }
}
