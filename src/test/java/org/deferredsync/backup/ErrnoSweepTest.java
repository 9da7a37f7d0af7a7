package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.deferredsync.fs.Errno;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each call of a run over all kinds of changes, also those that only look, fails once with each
 * error; and so does each place that calls in everything else that the engine does.
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

  private static final int USUAL_STEP = 400;
  private static final int USUAL_POINTS = 5;

  /** Scenarios to be tried, as a regular expression. */
  private static final String ONLY = System.getProperty("sweep.only", ".*");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  /** What may fail beside a run over all kinds of changes. */
  static List<Supplier<CrashScenario>> others() {
    return List.of(
        CrashScenario.First::new,
        CrashScenario.Moves::new,
        () -> new CrashScenario.Recovering(3),
        () -> new CrashScenario.Recovering(7),
        () -> new CrashScenario.Expiry(false),
        () -> new CrashScenario.Expiry(true),
        CrashScenario.Removal::new,
        CrashScenario.Repair::new,
        () -> new CrashScenario.Rebuilding(true),
        () -> new CrashScenario.Rebuilding(false),
        RestoreScenario.Aside::new,
        RestoreScenario.InPlace::new);
  }

  @Test
  @Timeout(3_000)
  void failure_isToldAndHealed_atEveryCall() throws Exception {
    Sweep sweep = Sweep.of("errno");
    List<Series> all = new ArrayList<>();
    for (Errno errno : Sweep.isForCoverage() ? List.<Errno>of() : ERRORS) {
      all.add(
          () -> {
            CrashScenario scenario = changes();
            if (scenario.name.matches(ONLY)) {
              new FailingCalls(sweep, prepared(scenario), made -> List.of(errno))
                  .every(errno.name(), USUAL_STEP);
            }
          });
    }
    List<Supplier<CrashScenario>> others = new ArrayList<>(others());
    if (Sweep.isForCoverage()) {
      others.add(ErrnoSweepTest::changes);
    }
    for (Supplier<CrashScenario> other : others) {
      all.add(
          () -> {
            CrashScenario scenario = other.get();
            if (scenario.name.matches(ONLY)) {
              new FailingCalls(sweep, prepared(scenario), made -> ERRORS)
                  .everyPlace(scenario.name, USUAL_POINTS);
            }
          });
    }
    sweep.run(all);
    sweep.end(60);
  }

  /** A run over all kinds of changes. */
  static CrashScenario changes() {
    return new CrashScenario.Changes(20);
  }

  private CrashScenario prepared(CrashScenario scenario) throws Exception {
    scenario.prepare(fresh());
    return scenario;
  }
}
