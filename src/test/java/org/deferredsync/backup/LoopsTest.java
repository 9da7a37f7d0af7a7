package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Trees that a walk which followed everything would never leave. */
@EnabledOnOs(OS.LINUX)
final class LoopsTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "dir/file", "text");
  }

  private void link(String name, String to) throws IOException {
    Files.createSymbolicLink(fixture.source.resolve(name), Path.of(to));
  }

  @Test
  void run_storesLinks_thatLeadInCircles() throws Exception {
    link("self", "self");
    link("one", "other");
    link("other", "one");
    link("here", ".");
    link("dir/up", "..");
    for (int i = 0; i < 45; i++) {
      link("chain" + i, i == 44 ? "dir" : "chain" + (i + 1));
    }
    Map<String, String> first = TreeText.of(fixture.source);

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  @Test
  void run_ends_whereASourceIsMountedInItself() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount");
    Path loop = Files.createDirectory(fixture.source.resolve("loop"));
    try {
      Shell.run("mount", "--bind", fixture.source.toString(), loop.toString());
    } catch (IOException e) {
      assumeTrue(false, "this system lets nobody mount: " + e.getMessage());
    }
    try {
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

      assertThat(fixture.mirror(fixture.source.resolve("dir/file"))).hasContent("text");
      assertThat(fixture.mirror(loop.resolve("loop/dir"))).doesNotExist();
    } finally {
      Shell.run("umount", loop.toString());
    }
    assertThat(fixture.run().verdict())
        .as("a mount that went away")
        .isEqualTo(Verdict.PREREQUISITE);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }
}
