package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A repair that dies at any of its calls is finished by the next run, and loses nothing. */
@EnabledOnOs(OS.LINUX)
final class RepairCrashTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void nextRun_finishesARepair_thatDiedAnywhere() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "content", "one");
    ChangingTree.write(fixture.source, "pair", "of two names");
    ChangingTree.link(fixture.source, "pair-too", "pair");
    ChangingTree.write(fixture.source, "gone", "gone");
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    VerificationTest.rot(fixture.mirror(fixture.source.resolve("content")));
    VerificationTest.rot(fixture.mirror(fixture.source.resolve("pair")));
    Files.delete(fixture.mirror(fixture.source.resolve("gone")));
    fixture.ahead(Duration.ofSeconds(20));
    Path saved = scratch.resolve("saved");
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    int points = 0;
    while (dies(fixture, points + 1)) {
      points++;
      fixture.with(Posix.ofSystem()).ahead(Duration.ofSeconds(40));
      verification(fixture).verify(Verifier.ALL); // it may have died before it had marked anything
      assertThat(fixture.run().verdict()).as("after point %d", points).isEqualTo(Verdict.GOOD);
      TargetChecks.sound(fixture);
      assertThat(TargetChecks.restored(fixture, 1)).as("after point %d", points).isEqualTo(first);
      Shell.run("rm", "-rf", fixture.target.toString());
      Shell.run("cp", "-a", saved.toString(), fixture.target.toString());
    }
    assertThat(points).isGreaterThan(15);
  }

  private static Verification verification(EngineFixture fixture) {
    return new Verification(
        fixture.engine(),
        EngineFixture.filePath(fixture.target),
        LoggerFactory.getLogger("verify"));
  }

  private static boolean dies(EngineFixture fixture, int point) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.crashBefore(point);
    fixture.with(posix);
    try {
      verification(fixture).repair(fixture.request(fixture.source), Verifier.ALL);
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      posix.endProcess();
    }
  }
}
