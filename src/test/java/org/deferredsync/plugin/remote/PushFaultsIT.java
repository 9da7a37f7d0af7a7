package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pushes that do not come to their end, and what can be restored from the copy all the same. */
@EnabledOnOs(OS.LINUX)
final class PushFaultsIT {
  private static final int KILLS = Integer.getInteger("push.kills", 20);
  private static final CommandRunner SYSTEM = PushFixture.SYSTEM;

  @TempDir private Path scratch;
  private LocalSshd sshd;
  private PushFixture push;

  @BeforeEach
  void start() throws Exception {
    sshd = LocalSshd.start(scratch.resolve("sshd"));
    push = new PushFixture(scratch, sshd);
  }

  @AfterEach
  void end() throws Exception {
    sshd.close();
    push.close();
  }

  /** Lets rsyncs run for so long altogether; the one that is at work then is killed. */
  private static CommandRunner killing(long milliseconds) {
    long[] left = {milliseconds};
    return (asked, output, errors) -> {
      if (!asked.program().equals("rsync")) {
        return SYSTEM.run(asked, output, errors);
      } else if (left[0] <= 0) {
        throw new InterruptedException();
      }
      long began = System.nanoTime();
      Command cut = asked.within(Duration.ofMillis(left[0]));
      CommandResult result = SYSTEM.run(cut, output, errors);
      left[0] -= (System.nanoTime() - began) / 1_000_000;
      if (result.ending() instanceof Ending.TimedOut) {
        throw new InterruptedException();
      }
      return result;
    };
  }

  /** A push that is left alone, and how many milliseconds its rsyncs take. */
  private long measured() throws Exception {
    long[] took = {0};
    assertThat(
            push.push(
                (asked, output, errors) -> {
                  long began = System.nanoTime();
                  CommandResult result = SYSTEM.run(asked, output, errors);
                  took[0] += asked.program().equals("rsync") ? System.nanoTime() - began : 0;
                  return result;
                }))
        .as("%s", push.said)
        .isEqualTo(ReturnCode.SUCCESS);
    return took[0] / 1_000_000;
  }

  @Test
  void push_killedAtAnyInstant_leavesWhatWasPushed_andGoesOn() throws Exception {
    long seed = Long.getLong("push.seed", System.nanoTime());
    System.out.println("push.seed=" + seed);
    Random random = new Random(seed);
    push.backUp();
    assertThat(push.push(killing(20))).isEqualTo(ReturnCode.FAILURE);
    push.assertPushes();
    push.change(1);
    push.backUp();
    long whole = measured();
    int pushed = 2;
    int killed = 0;
    for (int step = 2; killed < KILLS; step++) {
      push.change(step);
      push.backUp();
      long cut = 1 + random.nextLong(whole);
      ReturnCode code = push.push(killing(cut));
      killed += code == ReturnCode.SUCCESS ? 0 : 1;
      whole = code == ReturnCode.SUCCESS ? cut : whole; // the one that was measured took longer
      pushed = code == ReturnCode.SUCCESS ? push.snapshots() : pushed;
      push.assertRestoresOne(pushed);
      push.assertRestoresOne(1 + random.nextInt(pushed));
      assertThat(step).as("enough of them are killed").isLessThan(5 * KILLS);
    }
    push.assertPushes();
    push.assertSame();
    push.assertRestores(push.snapshots());
    push.assertVerifies();
  }

  /** A push in another thread, while it is under way. */
  private Future<ReturnCode> pushing(ExecutorService threads) {
    push.settings.put("SSH_TIMEOUT", "4s");
    push.settings.put("BWLIMIT", "50");
    return threads.submit(() -> push.push());
  }

  private void afterwards() throws Exception {
    push.settings.put("SSH_TIMEOUT", "20s");
    push.settings.put("BWLIMIT", "");
    push.assertRestores(1);
    push.assertPushes();
    // What an rsync there had begun when it was killed stays until everything is compared.
    Map<String, String> found = PushFixture.tree(push.copy);
    found.keySet().removeIf(name -> name.matches(".*/\\.noise\\.[A-Za-z0-9]{6}"));
    assertThat(found).isEqualTo(PushFixture.tree(push.local.target));
    push.assertRestores(2);
    push.comparedLast(Duration.ofDays(8));
    push.assertPushes();
    push.assertSame();
    push.assertRestores(2);
  }

  @Test
  void push_toAHostThatFallsSilent_orCutsTheConnection() throws Exception {
    push.backUp();
    push.assertPushes();
    push.writeNoise("d0/noise", 4_000_000);
    push.backUp();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<ReturnCode> silent = pushing(threads);
      List<ProcessHandle> sessions = sshd.receiving();
      for (ProcessHandle one : sessions) {
        new ProcessBuilder("kill", "-STOP", Long.toString(one.pid())).start().waitFor();
      }
      assertThat(silent.get()).as("%s", push.said).isEqualTo(ReturnCode.NETWORK);
      assertThat(push.said)
          .anyMatch(line -> line.startsWith("WARN") && line.contains("connection"));
      sessions.forEach(ProcessHandle::destroyForcibly);
      sessions.forEach(LocalSshd::ended); // or one of them is taken for the next

      Future<ReturnCode> cut = pushing(threads);
      sshd.receiving().forEach(ProcessHandle::destroyForcibly);
      assertThat(cut.get()).as("%s", push.said).isEqualTo(ReturnCode.NETWORK);
    } finally {
      threads.shutdownNow();
    }
    afterwards();
  }

  @Test
  void push_toAFullDisk() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "mounting needs root");
    push.backUp();
    Path small = Files.createDirectories(scratch.resolve("small"));
    sshd.restart(
        List.of(
            "unshare",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o size=9m none \"$1\" && shift && exec \"$@\"",
            "sh",
            small.toString()));
    push.settings.put("REMOTE_DIR", small.toString());
    push.copy = Path.of("/proc/" + sshd.pid() + "/root" + small + "/target");
    push.assertPushes();
    push.writeNoise("d0/noise", 16_000_000);
    push.backUp();
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(push.said)
        .filteredOn(line -> line.startsWith("WARN"))
        .satisfiesExactly(
            line -> assertThat(line).contains("free, and 15.3 MiB are new"),
            line -> assertThat(line).contains("the disk is full", "make room"));
    Path fetched = scratch.resolve("fetched");
    new ProcessBuilder("cp", "-a", push.copy.toString(), fetched.toString()).start().waitFor();
    push.copy = fetched;
    push.assertRestores(1);

    push.settings.put("REMOTE_DIR", small + "/another");
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(push.said.get(push.said.size() - 1))
        .contains("free, and the target is", "make room there");
  }
}
