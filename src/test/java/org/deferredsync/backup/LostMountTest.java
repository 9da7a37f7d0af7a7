package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A mount inside of a source that goes away is no removal of what lay in it. */
final class LostMountTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path inner;
  private boolean mounted;

  @BeforeEach
  void mountOne() throws Exception {
    Assumptions.assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    fixture = new EngineFixture(scratch);
    inner = Files.createDirectories(fixture.source.resolve("deep/nas"));
    ChangingTree.write(fixture.source, "beside", "one");
    mount();
    ChangingTree.write(inner, "file", "far away");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  private void mount() throws Exception {
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", inner.toString());
    mounted = true;
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      Shell.run("umount", inner.toString());
      mounted = false;
    }
  }

  @Test
  @Tag("rule-8")
  @Tag("settled-1")
  void run_holdsItsTree_andGoesOnWithTheRest() throws Exception {
    Map<String, String> before = TreeText.of(fixture.source);
    unmount();
    ChangingTree.write(fixture.source, "beside", "two, longer");
    fixture.ahead(Duration.ofSeconds(40));
    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(report.sources().get(0).result().reason())
        .contains(inner + " was a mount and is none now")
        .contains("mount it, or leave it out");
    assertThat(report.sources().get(0).result().counts().removed()).isZero();
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");
    assertThat(fixture.mirror(fixture.source.resolve("beside"))).hasContent("two, longer");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  @Test
  void run_isGoodAgain_whenItIsBack() throws Exception {
    unmount();
    fixture.ahead(Duration.ofSeconds(40));
    fixture.run();
    mount();
    ChangingTree.write(inner, "other", "another disk");
    fixture.ahead(Duration.ofSeconds(80));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void run_letsItGo_whenARuleLeavesItOut() throws Exception {
    unmount();
    fixture
        .with(
            new EntryFilter() {
              @Override
              public boolean excludes(org.deferredsync.snapshot.FilePath path, boolean directory) {
                return path.equals(EngineFixture.filePath(inner));
              }

              @Override
              public byte[] fingerprint() {
                return new byte[] {1};
              }
            })
        .ahead(Duration.ofSeconds(40));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(inner)).doesNotExist();
  }
}
