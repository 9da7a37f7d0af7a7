package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Program.Ended;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that are given too little memory, and over many directories. */
@EnabledOnOs(OS.LINUX)
final class LimitsTest {
  private static final Path GROUPS = Path.of("/sys/fs/cgroup/memory");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private ProgramGround ground() throws Exception {
    ProgramGround ground = new ProgramGround(scratch);
    ChangingTree.make(ground.fixture.source);
    ground.runFirst();
    ChangingTree.change(ground.fixture.source);
    for (int i = 0; i < 200; i++) {
      ChangingTree.write(ground.fixture.source, "d" + i + "/deep/er/file", "file " + i);
    }
    ground.oracle.changed();
    return ground;
  }

  /** The run may have ended in any way that says so; nothing is lost and the next one is good. */
  private static void heals(ProgramGround ground, Ended ended) throws Exception {
    if (ended.status() == 0) {
      ground.oracle.reported(ground.last().id());
    }
    ground.oracle.holds();
    ground.heal(ground.oracle);
  }

  @ParameterizedTest
  @ValueSource(ints = {6, 7, 8, 10})
  void run_losesNothing_andSaysSo_inAHeapOf(int megabytes) throws Exception {
    try (ProgramGround ground = ground()) {
      ground.program.setHeap(megabytes);
      Ended ended = ground.program.run();
      ground.program.setHeap(160);

      assertThat(ended.status()).as("%s", ended).isIn(0, 1);
      if (ended.status() == 1) {
        assertThat(ended.records()).as("%s", ended).anyMatch(line -> line.contains("Memory"));
      }
      heals(ground, ended);
    }
  }

  @Test
  void run_losesNothing_whenTheKernelEndsItForItsMemory() throws Exception {
    assumeTrue(
        Files.exists(GROUPS.resolve("cgroup.procs")) && Files.isWritable(GROUPS),
        "memory groups of the first version, and root to make one");
    Path group = GROUPS.resolve("deferred-sync-test-" + ProcessHandle.current().pid());
    Files.createDirectory(group);
    try (ProgramGround ground = ground()) {
      Files.writeString(group.resolve("memory.limit_in_bytes"), "40M");
      Ended ended =
          ground
              .program
              .start(
                  List.of(
                      "/bin/sh",
                      "-c",
                      "echo $$ >\"$0\"; exec \"$@\"",
                      group.resolve("cgroup.procs").toString()),
                  "run")
              .end();

      assertThat(ended.status()).as("%s", ended).isIn(0, 1, 137);
      heals(ground, ended);
    } finally {
      Files.delete(group);
    }
  }

  @Test
  void job_namesWhatItCannotList() throws Exception {
    try (ProgramGround ground = ground()) {
      List<String> trace = FortyChanges.trace(ground, "getdents64");
      String place =
          trace.stream()
              .map(Pattern.compile("<(/[^>]*/deferred-sync/[0-9a-f]+\\.tmp)>")::matcher)
              .filter(Matcher::find)
              .map(found -> found.group(1))
              .findFirst()
              .orElseThrow();
      Ended ended =
          ground
              .program
              .start(
                  List.of(
                      "strace",
                      "-f",
                      "-qq",
                      "-P",
                      place,
                      "-e",
                      "inject=getdents64:error=EIO",
                      "-o",
                      "/dev/null"),
                  "run")
              .end();

      assertThat(ended.status()).isEqualTo(1);
      String failure = place + ": Input/output error";
      assertThat(ended.err()).isEqualTo("deferred-sync: " + failure + "\n");
      assertThat(ended.records())
          .anyMatch(line -> line.startsWith("[ERROR] ") && line.endsWith(" job: " + failure));
    }
  }

  @Test
  void run_needsNoMoreDescriptors_thanItAsksFor_overTenThousandDirectories() throws Exception {
    try (ProgramGround ground = new ProgramGround(scratch)) {
      for (int i = 0; i < 10_000; i++) {
        Files.createDirectories(ground.fixture.source.resolve(i / 100 + "/" + i));
      }
      String limit = "--nofile=" + OpenFiles.NEEDED;
      Ended ended = ground.program.start(List.of("prlimit", limit), "run").end();

      assertThat(ended.complaints()).isEmpty();
      assertThat(ended.status()).isZero();
    }
  }

  @Test
  void run_leavesNoDescriptorOpen_overTenThousandDirectories() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    for (int i = 0; i < 10_000; i++) {
      Files.createDirectories(fixture.source.resolve(i / 100 + "/" + i));
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(posix.openObjects()).isEmpty();
    assertThat(posix.mostOpen()).as("open at once").isLessThan((int) OpenFiles.NEEDED);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }
}
