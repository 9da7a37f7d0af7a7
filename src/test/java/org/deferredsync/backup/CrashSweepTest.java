package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends the process before and after every call that changes something, and around every commit:
 * whatever was reported complete restores exactly, at once and after the next run, which ends well.
 */
@EnabledOnOs(OS.LINUX)
final class CrashSweepTest {
  /**
   * Before a call the disk is as after the call, or the commit, that came last: these are all the
   * states that there are.
   */
  private static final List<Where> EVERY_STATE =
      List.of(Where.AFTER_CALL, Where.BEFORE_COMMIT, Where.AFTER_COMMIT);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path saved;
  private final Map<Long, Map<String, String>> models = new HashMap<>();
  private Map<String, String> now = Map.of();
  private int points;

  /** Where the process ends. */
  private enum Where {
    BEFORE_CALL,
    AFTER_CALL,
    BEFORE_COMMIT,
    AFTER_COMMIT
  }

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch).with(new Batch.Limits(4, 1 << 20));
    saved = scratch.resolve("saved");
    ChangingTree.make(fixture.source);
  }

  @AfterEach
  void report(TestReporter reporter) {
    reporter.publishEntry("points", Integer.toString(points));
  }

  /** What the source holds now is what the snapshot must give back. */
  private void remember(long snapshot) throws IOException {
    models.put(snapshot, TreeText.of(fixture.source));
  }

  private void save() throws IOException {
    now = TreeText.of(fixture.source);
    Shell.run("rm", "-rf", saved.toString());
    Files.createDirectory(saved);
    Path reserve = fixture.target.resolve(".deferred-sync/reserve");
    if (Files.exists(reserve)) {
      Shell.run("truncate", "-s", "256K", reserve.toString()); // each point copies it
    }
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    if (Files.exists(scratch.resolve("state"))) {
      Shell.run("cp", "-a", scratch.resolve("state").toString(), saved.toString());
    }
  }

  private void bringBack() throws IOException {
    Shell.run("rm", "-rf", fixture.target.toString(), scratch.resolve("state").toString());
    Shell.run("cp", "-a", saved + "/.", scratch.toString());
  }

  /** Dies at the point; false if the run ended before it came to that. */
  private boolean crash(Where where, int number) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    switch (where) {
      case BEFORE_CALL -> posix.crashBefore(number);
      case AFTER_CALL -> posix.crashAfter(number);
      default -> {}
    }
    fixture.with(posix).with(hook(posix, where, number));
    try {
      fixture.run();
      return false;
    } catch (CrashError expected) {
      points++;
      return true;
    } finally {
      posix.endProcess();
    }
  }

  private static CommitHook hook(FaultyPosix posix, Where where, int number) {
    int[] commits = new int[2];
    return new CommitHook() {
      @Override
      public void before() {
        if (where == Where.BEFORE_COMMIT && ++commits[0] == number) {
          posix.die("before commit " + number);
        }
      }

      @Override
      public void after() {
        if (where == Where.AFTER_COMMIT && ++commits[1] == number) {
          posix.die("after commit " + number);
        }
      }
    };
  }

  /** Every snapshot that there is gives back what was remembered for it, or what is there now. */
  private void restoresAll(List<Long> atLeast) throws Exception {
    List<Long> there = TargetChecks.snapshots(fixture);
    assertThat(there).containsAll(atLeast);
    for (long snapshot : there) {
      assertThat(TargetChecks.restored(fixture, snapshot))
          .as("snapshot %d", snapshot)
          .isEqualTo(models.getOrDefault(snapshot, now));
    }
  }

  private void nextRunEndsWell(List<Long> atLeast) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).with(CommitHook.NONE);
    BackupReport report = fixture.run();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    TargetChecks.sound(fixture);
    restoresAll(atLeast);
  }

  private void sweep(List<Long> readableAtOnce, List<Long> kept) throws Exception {
    CrashPoints.tell();
    save();
    for (Where where : EVERY_STATE) {
      boolean met = true;
      for (int number = CrashPoints.FIRST; met; number += CrashPoints.STEP) {
        bringBack();
        try {
          met = crash(where, number);
          if (!readableAtOnce.isEmpty()) {
            restoresAll(readableAtOnce);
          }
          nextRunEndsWell(kept);
        } catch (Exception | AssertionError e) {
          fail(where + " " + number, e);
        }
      }
    }
  }

  @Test
  void crash_losesNothing_inTheFirstRun() throws Exception {
    sweep(List.of(), List.of());

    assertThat(points).isGreaterThan(250 / CrashPoints.STEP);
  }

  @Test
  void crash_losesNothing_inARunOfManyChanges() throws Exception {
    fixture.run();
    remember(1);
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));

    sweep(List.of(1L), List.of(1L));

    assertThat(points).isGreaterThan(250 / CrashPoints.STEP);
  }

  @Test
  void crash_losesNothing_inTheRecoveryFromACrash() throws Exception {
    fixture.run();
    remember(1);
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    save();
    boolean met = true;
    for (int commit = 2; met; commit += 3) {
      for (int number = 1; number < 40 && met; number += 3) {
        bringBack();
        met = crash(Where.AFTER_COMMIT, commit);
        if (met) {
          try {
            crash(number % 2 == 1 ? Where.BEFORE_CALL : Where.AFTER_CALL, number);
            restoresAll(List.of(1L));
            nextRunEndsWell(List.of(1L));
          } catch (Exception | AssertionError e) {
            fail("commit " + commit + ", call " + number, e);
          }
        }
      }
    }

    assertThat(points).isGreaterThan(100);
  }

  @Test
  @Tag("rule-18")
  void crash_losesNothingKept_whileSnapshotsExpire() throws Exception {
    fixture.with(new Retention(2, 1));
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofDays(1));
    fixture.run();
    remember(2);
    ChangingTree.write(fixture.source, "content", "three");
    ChangingTree.write(fixture.source, "file-to-directory/new", "3");
    Files.delete(fixture.source.resolve("same-size"));
    fixture.ahead(Duration.ofDays(2).plusHours(12));
    save();
    int from = firstMutationOfPruning();

    boolean met = true;
    CrashPoints.tell();
    for (int number = from - 1 + CrashPoints.FIRST; met; number += CrashPoints.STEP) {
      expiring(Where.AFTER_CALL, number);
      met = expired;
    }
    for (Where where : List.of(Where.BEFORE_COMMIT, Where.AFTER_COMMIT)) {
      expired = true;
      for (int number = 1; expired; number++) {
        expiring(where, number);
      }
    }

    assertThat(points).isGreaterThan(60 / CrashPoints.STEP);
  }

  private boolean expired;

  private void expiring(Where where, int number) throws Exception {
    bringBack();
    try {
      expired = crash(where, number);
      restoresAllBut(1);
      nextRunEndsWell(List.of(2L));
      assertThat(TargetChecks.leftByExpired(fixture)).as("left by the expired").isEmpty();
    } catch (Exception | AssertionError e) {
      fail(where + " " + number, e);
    }
  }

  /** Snapshot 1 may be there or not, but is never said to be there and then is not. */
  private void restoresAllBut(long mayBeGone) throws Exception {
    for (long snapshot : TargetChecks.snapshots(fixture)) {
      Map<String, String> restored = TargetChecks.restored(fixture, snapshot);
      if (snapshot != mayBeGone) {
        assertThat(restored).isEqualTo(models.getOrDefault(snapshot, now));
      }
    }
    assertThat(TargetChecks.snapshots(fixture)).contains(2L);
  }

  /** Counts the calls up to the last batch of a run over the saved state. */
  private int firstMutationOfPruning() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).with(CommitHook.NONE);
    fixture.run();
    assertThat(TargetChecks.snapshots(fixture)).doesNotContain(1L);
    fixture.with(Posix.ofSystem());
    List<String> changes = posix.changes();
    int first = changes.size();
    while (!isPublished(changes.get(first - 1))) {
      first--;
    }
    return first;
  }

  private static boolean isPublished(String change) {
    return change.startsWith("RENAME") && !change.contains("/manifests/");
  }
}
