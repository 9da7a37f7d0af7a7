package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.FaultyPosix.Entry;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each call of a run over all kinds of changes, also those that only look, fails once with each
 * error: the run says so or had no need of it, nothing is lost or taken for absent, no descriptor
 * stays open, and the next run heals.
 */
@EnabledOnOs(OS.LINUX)
final class ErrnoSweepTest {
  static final List<Errno> ERRORS =
      List.of(
          Errno.EIO,
          Errno.ENOSPC,
          Errno.EDQUOT,
          Errno.EROFS,
          Errno.EACCES,
          Errno.EMFILE,
          Errno.EINTR);

  private static final int USUAL_STEP = 180;

  /** Calls to be tried, as a regular expression. */
  private static final String ONLY = System.getProperty("sweep.only", ".*");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  /** A call that fails: the how-manieth of its kind. */
  private record At(Call call, int number) {}

  @Test
  @Timeout(3_000)
  void failure_isToldAndHealed_atEveryCall() throws Exception {
    Sweep sweep = Sweep.of("errno");
    List<Series> all = new ArrayList<>();
    for (Errno errno : ERRORS) {
      all.add(() -> every(sweep, errno));
    }
    sweep.run(all);
    sweep.end(30);
  }

  private void every(Sweep sweep, Errno errno) throws Exception {
    CrashScenario scenario = new CrashScenario.Changes(20);
    scenario.prepare(fresh());
    SavedTarget saved = SavedTarget.of(scenario.fixture);
    List<At> calls = calls(scenario.fixture);
    sweep.loop(
        errno.name(),
        0,
        USUAL_STEP,
        number -> {
          if (number >= calls.size()) {
            return false;
          }
          saved.bringBack();
          try {
            fails(scenario, calls.get(number), errno);
            return true;
          } catch (Exception | AssertionError e) {
            throw new AssertionError(calls.get(number) + " " + errno, e);
          }
        });
  }

  /** All calls of a run that nothing disturbs. */
  private static List<At> calls(EngineFixture fixture) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    assertThat(fixture.with(posix).run().verdict()).isEqualTo(Verdict.GOOD);
    Map<Call, Integer> made = new EnumMap<>(Call.class);
    List<At> calls = new ArrayList<>();
    for (Entry entry : posix.log()) {
      if (!entry.call().name().matches(ONLY)) {
        continue;
      }
      calls.add(new At(entry.call(), made.merge(entry.call(), 1, Integer::sum)));
    }
    return calls;
  }

  private static void fails(CrashScenario scenario, At at, Errno errno) throws Exception {
    EngineFixture fixture = scenario.fixture;
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(at.call(), at.number(), errno);
    fixture.with(posix);
    Oracle judge = scenario.oracle.copy();
    try {
      BackupReport report = fixture.run();
      if (report.verdict() == Verdict.GOOD) {
        TargetChecks.sound(fixture);
        judge.reported(requireNonNull(report.run()));
      } else {
        judge.reportedPartial(requireNonNull(report.run()));
      }
    } catch (BackupException e) {
      assertThat(e.getMessage())
          .as("(f)")
          .contains(fixture.home.toString())
          .doesNotContain("\n", "Exception");
    }
    assertThat(posix.closedTwice()).as("descriptors closed twice").isEmpty();
    if (at.call() != Call.CLOSE) { // behind which others are not closed, but the run ends
      assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    }
    fixture.with(Posix.ofSystem());
    judge.holds();
    scenario.later(Duration.ofSeconds(1));
    scenario.mend(judge);
  }
}
