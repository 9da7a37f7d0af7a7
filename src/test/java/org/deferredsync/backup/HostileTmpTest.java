package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Program.Ended;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.SQLiteJDBCLoader;

/**
 * Another user has put into /tmp and /var/tmp what libraries would unpack or look for there, and
 * plants links in its place while root backs up: the program looks at none of it.
 */
@EnabledOnOs(OS.LINUX)
final class HostileTmpTest {
  /** Of JNA, SQLite, the Java runtime and ours. */
  private static final List<String> NAMES =
      List.of(
          "jna-3506402",
          "sqlite-libsqlitejdbc.so",
          "sqlite-" + SQLiteJDBCLoader.getVersion() + "-old-libsqlitejdbc.so",
          "hsperfdata_root",
          "libjnidispatch.so",
          "deferred-sync");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  @Timeout(3_000)
  void run_looksAtNothingInTmp_whileLinksArePlantedThere() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root has a /tmp of its own made");
    Sweep sweep = Sweep.of("flips of tmp");
    int count = sweep.count(Encounters.FULL_COUNT, Encounters.USUAL_COUNT);
    sweep.meetMany("tmp", () -> flip(sweep, count));
    sweep.end(count);
  }

  private int flip(Sweep sweep, int count) throws Exception {
    Shell.run("chmod", "755", scratch.toString());
    Outside outside = new Outside(scratch.resolve("outside"), "secret", "deep/secret");
    try (ProgramGround ground = new ProgramGround(scratch)) {
      ChangingTree.make(ground.fixture.source);
      ground.runFirst();
      assumeTrue(ground.program.isApartFrom("/tmp"), "the program lies in /tmp itself");
      Process house = house();
      try (Flipper tmp = flipper(house, "/tmp", outside, count);
          Flipper varTmp = flipper(house, "/var/tmp", outside, count)) {
        int runs = 0;
        for (long until = System.nanoTime() + count * 200_000L;
            runs < 2 || System.nanoTime() < until || !tmp.suffices() || !varTmp.suffices();
            runs++) {
          ChangingTree.write(ground.fixture.source, "content", "of run " + runs);
          Path trace = scratch.resolve("trace");
          Ended ended =
              ground
                  .program
                  .start(
                      List.of(
                          "nsenter",
                          "-m",
                          "-t",
                          Long.toString(house.pid()),
                          "strace",
                          "-f",
                          "-qq",
                          "-e",
                          "trace=%file",
                          "-o",
                          trace.toString()),
                      "run")
                  .end();
          assertThat(ended.complaints()).isEmpty();
          assertThat(ended.status()).isZero();
          assertThat(Files.readAllLines(trace))
              .hasSizeGreaterThan(100)
              .noneMatch(HostileTmpTest::looks);
          outside.assertUntouched();
        }
        long flips = tmp.end() + varTmp.end();
        sweep.note(runs + " runs, " + flips + " flips in /tmp and /var/tmp, none looked at");
        assertThat(flips).isGreaterThan(count);
      } finally {
        house.destroyForcibly().waitFor();
      }
      outside.assertNotIn(ground.fixture.target);
    }
    return count;
  }

  /** The Java runtime removes what was left for debuggers of a process with its number. */
  private static boolean looks(String line) {
    return line.contains("\"/var/tmp/")
        || (line.contains("\"/tmp/") && !line.contains("\"/tmp/.java_pid"));
  }

  private static Flipper flipper(Process house, String directory, Outside outside, int count)
      throws IOException {
    return Flipper.plantingIn(house.pid(), Path.of(directory), outside.top, NAMES, count);
  }

  /** A process with a /tmp and a /var/tmp that no other test sees, full of a user's things. */
  private Process house() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "/bin/sh",
                "-ec",
                """
                for place in /tmp /var/tmp; do
                  mount -t tmpfs -o mode=1777 none $place
                  for name; do echo mine >$place/$name; chown 1000:1000 $place/$name; done
                done
                echo ready
                exec sleep 3000
                """,
                "sh"));
    command.addAll(NAMES);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    assertThat(process.inputReader().readLine()).isEqualTo("ready");
    return process;
  }
}
