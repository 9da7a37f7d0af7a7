package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each call of a run that changes something fails once: no false good, and the next run heals. */
@EnabledOnOs(OS.LINUX)
final class ErrnoSweepTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @ParameterizedTest
  @EnumSource(
      value = Errno.class,
      names = {"EIO", "ENOSPC", "EACCES", "EROFS"})
  void failure_isToldAndHealed_atEveryCall(Errno errno) throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "content", "one");
    ChangingTree.write(fixture.source, "gone", "gone");
    ChangingTree.write(fixture.source, "mode/file", "x");
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    Path saved = scratch.resolve("saved");
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    ChangingTree.write(fixture.source, "content", "two, longer");
    TargetChecks.delete(fixture.source.resolve("gone"));
    ChangingTree.write(fixture.source, "new/file", "new");
    fixture.ahead(Duration.ofSeconds(20));
    FaultyPosix counting = FaultyPosix.ofSystem();
    fixture.with(counting).run();
    int points = 0;
    for (Call call : Call.values()) {
      if (!call.mutates()) {
        continue;
      }
      long calls = counting.changes().stream().filter(made -> made.startsWith(call + " ")).count();
      for (int number = 1; number <= calls; number++) {
        Shell.run("rm", "-rf", fixture.target.toString());
        Shell.run("cp", "-a", saved.toString(), fixture.target.toString());
        points++;
        try {
          point(fixture, call, number, errno, first);
        } catch (Exception | AssertionError e) {
          fail(call + " " + number + " " + errno, e);
        }
      }
    }
    assertThat(points).isGreaterThan(20);
  }

  private void point(
      EngineFixture fixture, Call call, int number, Errno errno, Map<String, String> first)
      throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(call, number, errno);
    fixture.with(posix);
    boolean good = false;
    try {
      good = fixture.run().verdict() == Verdict.GOOD;
    } catch (BackupException | IOException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
    }
    assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    if (good) {
      TargetChecks.sound(fixture);
    }
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    List<Long> snapshots = TargetChecks.snapshots(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    for (long snapshot : snapshots.subList(1, snapshots.size())) {
      assertThat(TargetChecks.restored(fixture, snapshot)).isEqualTo(TreeText.of(fixture.source));
    }
  }
}
