package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
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
  @Tag("rule-8")
  void run_holdsTheSource_whenItsMountGoesAwayDuringTheScan() throws Exception {
    fixture.with(atPhase(Phase.SCAN)).ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.HELD);
    assertThat(report.sources().get(0).result().reason()).contains("unmounted while it was read");
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");
  }

  @Test
  @Tag("rule-8")
  void run_doesNotForgetTheMount_thatGoesAwayAfterTheScan() throws Exception {
    Files.writeString(inner.resolveSibling("new"), "beside the mount");
    fixture.with(atPhase(Phase.COPY)).ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    fixture.with(Progress.NONE).ahead(Duration.ofSeconds(60));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");
  }

  /** Unmounts when a phase begins. */
  private Progress atPhase(Phase when) {
    return new Progress() {
      @Override
      public void begin(Phase phase, long files, long bytes) {
        if (phase == when) {
          try {
            unmount();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        }
      }

      @Override
      public void advance(long files, long bytes) {}

      @Override
      public void end() {}
    };
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

  @Test
  void run_letsItGo_whenThatIsApproved_andOnlyThen() throws Exception {
    unmount();
    fixture.ahead(Duration.ofSeconds(40));
    BackupReport report = fixture.run();
    assertThat(report.sources().get(0).result().holds())
        .containsExactly(new Hold(Kind.UNMOUNTED, 2, 2, List.of(EngineFixture.filePath(inner))));
    assertThat(report.sources().get(0).result().reason())
        .contains("deferred-sync run --approve " + fixture.source);

    fixture.approves(fixture.source).ahead(Duration.ofSeconds(80));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
    fixture.approves().ahead(Duration.ofMinutes(2));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void approval_ofOneMount_isNotGoodForAnother() throws Exception {
    Path second = Files.createDirectories(fixture.source.resolve("second"));
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", second.toString());
    try {
      fixture.ahead(Duration.ofSeconds(40));
      fixture.run();
      unmount();
      fixture.ahead(Duration.ofSeconds(80));
      fixture.run();
      mount();
    } finally {
      Shell.run("umount", second.toString());
    }
    fixture.approves(fixture.source).ahead(Duration.ofMinutes(2));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(fixture.mirror(second)).exists();
  }

  @Test
  void run_isHeld_whenTheSourceItselfIsNotMounted_untilThatIsApproved() throws Exception {
    EngineFixture own = new EngineFixture(Files.createDirectory(scratch.resolve("own")));
    own.with(Guard.USUAL);
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", own.source.toString());
    try {
      for (int i = 0; i < 120; i++) {
        ChangingTree.write(own.source, "f" + i, "x");
      }
      own.run();
    } finally {
      Shell.run("umount", own.source.toString());
    }
    own.ahead(Duration.ofSeconds(40));
    BackupReport report = own.run();
    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.HELD);
    assertThat(report.sources().get(0).result().reason())
        .isEqualTo(
            "was the root of a mount, and is not mounted now; 120 entries were in it; mount it, or"
                + " if that is meant: deferred-sync run --approve "
                + own.source);
    assertThat(own.mirror(own.source.resolve("f1"))).hasContent("x");

    own.approves(own.source).ahead(Duration.ofSeconds(80));
    assertThat(own.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(own.mirror(own.source)).isEmptyDirectory();
    own.approves().ahead(Duration.ofMinutes(2));
    assertThat(own.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void approval_ofALoss_isNotGoodForAMount() throws Exception {
    fixture.with(new Guard(30, 1));
    ChangingTree.write(fixture.source, "more", "than one");
    fixture.ahead(Duration.ofSeconds(40));
    fixture.run();
    Files.delete(fixture.source.resolve("beside"));
    Files.delete(fixture.source.resolve("more"));
    fixture.ahead(Duration.ofSeconds(80));
    assertThat(fixture.run().sources().get(0).result().hold(Kind.LOST)).isPresent();
    unmount();

    fixture.approves(fixture.source).ahead(Duration.ofMinutes(2));
    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");
    assertThat(fixture.mirror(fixture.source.resolve("beside"))).doesNotExist();
  }

  @Test
  void run_namesALossAndAMount_andApprovalReleasesBoth() throws Exception {
    fixture.with(new Guard(30, 1));
    Files.delete(fixture.source.resolve("beside"));
    unmount();
    ChangingTree.write(fixture.source, "one", "keeps it from being empty");
    ChangingTree.write(fixture.source, "deep/old", "x");
    fixture.ahead(Duration.ofSeconds(40));
    fixture.run();
    Files.delete(fixture.source.resolve("one"));
    Files.delete(fixture.source.resolve("deep/old"));
    fixture.ahead(Duration.ofSeconds(80));
    BackupReport report = fixture.run();
    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().reason())
        .contains("entries are gone (")
        .contains(
            ", and " + inner + " was a mount and is none now; mount it, or if that is meant: ");

    fixture.approves(fixture.source).ahead(Duration.ofMinutes(2));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void approval_ofAMount_isNotGoodForALargerLoss_butTheNextIs() throws Exception {
    fixture.with(new Guard(30, 1));
    fixture.ahead(Duration.ofSeconds(40));
    ChangingTree.write(fixture.source, "more", "than one");
    fixture.run();
    unmount();
    fixture.ahead(Duration.ofSeconds(50));
    fixture.run();
    Files.delete(fixture.source.resolve("beside"));
    Files.delete(fixture.source.resolve("more"));
    fixture.approves(fixture.source).ahead(Duration.ofSeconds(80));
    BackupReport report = fixture.run();
    assertThat(report.sources().get(0).result().reason())
        .startsWith("3 of 6 entries are gone (50 %");
    assertThat(report.sources().get(0).result().holds())
        .as("three together")
        .containsExactly(
            new Hold(Kind.LOST, 1, 6),
            new Hold(Kind.UNMOUNTED, 2, 2, List.of(EngineFixture.filePath(inner))));
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");

    fixture.ahead(Duration.ofMinutes(2));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
  }

  // --- required mounts ---------------------------------------------------------------------------

  @Test
  void run_holdsASource_belowARequiredMountThatIsNotThere() throws Exception {
    Path elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
    EngineFixture other = new EngineFixture(elsewhere).requires(fixture.source);
    BackupReport report = other.run(fixture.source.resolve("deep"));

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources().get(0).result().reason())
        .isEqualTo(
            "needs "
                + fixture.source
                + ", which REQUIRED_MOUNTS names, is not mounted; mount it, or take it out there");
    other.requires(inner).ahead(Duration.ofSeconds(40));
    assertThat(other.run(inner).verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_leavesOut_whatARequiredMountBelowTheSourceWouldHold() throws Exception {
    Path never = Files.createDirectories(fixture.source.resolve("never"));
    ChangingTree.write(never, "file", "on the wrong disk");
    fixture.requires(never, inner).approves(fixture.source).ahead(Duration.ofSeconds(40));
    for (int i = 0; i < 2; i++) {
      BackupReport report = fixture.run();
      assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
      assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
      assertThat(fixture.mirror(never)).doesNotExist();
      fixture.ahead(Duration.ofSeconds(80));
    }
    fixture.requires(inner);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(never.resolve("file"))).hasContent("on the wrong disk");
  }

  @Test
  void run_writesNothing_whenTheTargetsMountIsNotThere() throws Exception {
    EngineFixture other =
        new EngineFixture(Files.createDirectory(scratch.resolve("elsewhere")))
            .requires(scratch.resolve("elsewhere"));
    ChangingTree.write(other.source, "file", "x");

    assertThatThrownBy(other::run)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("REQUIRED_MOUNTS names, is not mounted")
        .hasMessageEndingWith("Nothing was written");
    assertThatThrownBy(other::preview).hasMessageContaining("REQUIRED_MOUNTS");
    assertThat(other.target).isEmptyDirectory();
  }

  @Test
  void run_takesAMountThatCannotBeLookedAt_forNoLostOne() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT, inner.toString(), Errno.EIO);
    fixture.with(posix).ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(report.sources().get(0).result().reason()).doesNotContain("was a mount");
    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("far away");
  }
}
