package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Looking and restoring need no byte of room and no right to write. */
@EnabledOnOs(OS.LINUX)
final class UnwritableTargetTest {
  @TempDir private Path scratch;

  private EngineFixture fixture;
  private boolean mounted;

  @BeforeEach
  void mountSmallDisk() throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a small disk");
    fixture = new EngineFixture(scratch);
    try {
      Shell.run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", fixture.target.toString());
    } catch (IOException e) {
      assumeTrue(false, "this system lets nobody mount: " + e.getMessage());
    }
    mounted = true;
    ChangingTree.make(fixture.source);
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted) {
      Shell.run("umount", fixture.target.toString());
    }
  }

  private void fill() throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream filler = Files.newOutputStream(fixture.target.resolve("filler"))) {
      while (true) {
        filler.write(block);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  /** What there is to look at in the first snapshot. */
  private void lookAround() throws Exception {
    FilePath file = EngineFixture.filePath(fixture.source.resolve("nested/deep/changes"));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot snapshot = reader.snapshots().all().get(0);
      assertThat(CrashLookingTest.printed(snapshot, file)).isEqualTo("before");
      List<FilePath> found = new ArrayList<>();
      new Finder(reader, List.of(snapshot))
          .find(FilePath.ROOT, in -> name -> true, (path, each) -> found.add(path));
      assertThat(found).contains(file).hasSizeGreaterThan(10);
      assertThat(new PathHistory(reader, List.of(snapshot)).of(file)).hasSize(1);
      new Difference(snapshot, snapshot)
          .each(FilePath.ROOT, (path, change) -> assertThat(path).isNull());
    }
  }

  @Test
  @Tag("rule-6")
  void restore_works_onAFullDisk() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    fill();

    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    lookAround();
  }

  @Test
  @Tag("rule-6")
  void restore_works_onAReadOnlyDisk() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    Shell.run("mount", "-o", "remount,ro", fixture.target.toString());

    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    lookAround();
  }

  @Test
  void restore_works_onAReadOnlyDisk_afterACrash() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.diesAfterCommit(2)).isTrue();
    Shell.run("mount", "-o", "remount,ro", fixture.target.toString());

    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    lookAround();

    Shell.run("mount", "-o", "remount,rw", fixture.target.toString());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void run_fails_onAReadOnlyDisk_andTheNextOneIsGood() throws Exception {
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    Shell.run("mount", "-o", "remount,ro", fixture.target.toString());
    assertThatThrownBy(() -> fixture.run()).isInstanceOf(Exception.class);
    Shell.run("mount", "-o", "remount,rw", fixture.target.toString());

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void run_fails_onAFullDisk_andTheNextOneIsGood() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    fill();
    assertThatThrownBy(() -> fixture.run()).isInstanceOf(Exception.class);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    Files.delete(fixture.target.resolve("filler"));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }
}
