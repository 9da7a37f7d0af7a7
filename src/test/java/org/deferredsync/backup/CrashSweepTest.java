package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends the process before and after every call that changes something, and around every commit, of
 * everything that the engine does to a target: whatever was reported complete restores exactly, at
 * once and after the next run, which ends well.
 */
@EnabledOnOs(OS.LINUX)
final class CrashSweepTest {
  private static final int RANDOM_TREES = 6;

  /** Scenarios to be tried, as a regular expression. */
  private static final String ONLY = System.getProperty("sweep.only", ".*");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  /** Where the process ends, and one in how many such points the ordinary tests try. */
  private enum Where {
    BEFORE_CALL(90),
    AFTER_CALL(40),
    BEFORE_COMMIT(4),
    AFTER_COMMIT(4);

    private final int usualStep;

    Where(int usualStep) {
      this.usualStep = usualStep;
    }
  }

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  /** Everything that can be cut short. */
  private static List<Supplier<CrashScenario>> scenarios(Sweep sweep) {
    List<Supplier<CrashScenario>> all =
        new ArrayList<>(
            List.of(
                CrashScenario.First::new,
                () -> new CrashScenario.Changes(4),
                CrashScenario.Moves::new,
                () -> new CrashScenario.Expiry(false),
                () -> new CrashScenario.Expiry(true),
                CrashScenario.Removal::new,
                CrashScenario.Repair::new,
                () -> new CrashScenario.Rebuilding(true),
                () -> new CrashScenario.Rebuilding(false)));
    if (sweep.isFull()) {
      all.add(() -> new CrashScenario.Changes(1));
      all.add(() -> new CrashScenario.Changes(1_000));
      for (int i = 1; i <= RANDOM_TREES; i++) {
        String name = "random " + i;
        all.add(() -> new CrashScenario.AtRandom(name, sweep.random(name)));
      }
    }
    return all;
  }

  @Test
  @Tag("rule-18")
  @Timeout(3_000)
  void crash_losesNothing_anywhere() throws Exception {
    Sweep sweep = Sweep.of("points");
    List<Series> all = new ArrayList<>();
    for (Supplier<CrashScenario> scenario : scenarios(sweep)) {
      if (sweep.isFull()) {
        for (Where where : Where.values()) {
          all.add(() -> sweep(sweep, scenario.get(), List.of(where)));
        }
      } else {
        all.add(() -> sweep(sweep, scenario.get(), List.of(Where.values())));
      }
    }
    if ("recovery".matches(ONLY)) {
      all.add(() -> recoveries(sweep));
    }
    sweep.run(all);
    sweep.end(60);
  }

  private void sweep(Sweep sweep, CrashScenario scenario, List<Where> places) throws Exception {
    if (!scenario.name.matches(ONLY)) {
      return;
    }
    scenario.prepare(fresh());
    SavedTarget saved = SavedTarget.of(scenario.fixture);
    for (Where where : places) {
      sweep.loop(
          scenario.name + " " + where,
          1,
          where.usualStep,
          number -> {
            saved.bringBack();
            boolean met = dies(scenario, where, number);
            Oracle judge = scenario.oracle.copy();
            scenario.atOnce(judge);
            scenario.mend(judge);
            return met;
          });
    }
    TargetChecks.delete(scenario.fixture.home);
  }

  /** Dies at the point; false if it ended before it came to that. */
  private static boolean dies(CrashScenario scenario, Where where, int number) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    CommitHook hook = CommitHook.NONE;
    switch (where) {
      case BEFORE_CALL -> posix.crashBefore(number);
      case AFTER_CALL -> posix.crashAfter(number);
      case BEFORE_COMMIT -> hook = Deaths.beforeCommit(posix, number);
      case AFTER_COMMIT -> hook = Deaths.afterCommit(posix, number);
    }
    scenario.fixture.with(posix).with(hook);
    try {
      scenario.act();
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      posix.endProcess();
      scenario.fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    }
  }

  /** A run that died behind a commit is recovered from, and that dies at each of its calls too. */
  private void recoveries(Sweep sweep) throws Exception {
    CrashScenario scenario = new CrashScenario.Changes(4);
    scenario.prepare(fresh());
    SavedTarget first = SavedTarget.of(scenario.fixture);
    int usualStep = 4;
    for (int commit = sweep.isFull() ? 1 : 1 + sweep.random("commit").nextInt(usualStep);
        dies(scenario, Where.AFTER_COMMIT, commit);
        commit += sweep.isFull() ? 1 : usualStep) {
      int calls = callsOfRecovery(scenario);
      int behind = commit;
      for (Where where : List.of(Where.BEFORE_CALL, Where.AFTER_CALL)) {
        sweep.loop(
            "recovery behind commit " + commit + " " + where,
            1,
            16,
            number -> {
              // What is pending knows inodes: a copy of a target that died would be none.
              first.bringBack();
              dies(scenario, Where.AFTER_COMMIT, behind);
              boolean met = number <= calls && dies(scenario, where, number);
              Oracle judge = scenario.oracle.copy();
              scenario.atOnce(judge);
              scenario.mend(judge);
              return met;
            });
      }
      first.bringBack();
    }
  }

  /** How many calls a run makes that change something, until it is entered as a new one. */
  private static int callsOfRecovery(CrashScenario scenario) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    boolean[] pending = {TargetChecks.isPending(scenario.fixture)};
    int[] calls = new int[1];
    CommitHook hook =
        new CommitHook() {
          @Override
          public void before() {
            if (calls[0] == 0 && !pending[0]) {
              calls[0] = posix.mutations();
            }
            pending[0] = false;
          }
        };
    scenario.fixture.with(posix).with(hook).run();
    scenario.fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    return calls[0];
  }
}
