package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Of several small disks, the one that is full is the one that is named. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class FullDisksIT {
  private static final int NO_MOUNTS = 99;

  /** Small disks for the log, temporary files and the target; the parameters say which to fill. */
  private static final String SMALL_DISKS =
      """
      log=$1 target=$2 spare=$3 source=$4 full=$5; shift 5
      mount -t tmpfs -o size=64k,mode=0755 none "$log" || exit 99
      mount -t tmpfs -o size=64m,mode=1777 none "$spare" || exit 99
      mount -t tmpfs -o size=400m,mode=0700 none "$target" || exit 99
      touch "$log/sync.log"
      if [ "$full" = "$target" ]; then
          "$@" || echo "the first one exits with $?"
          head -c 3000000 /dev/urandom >"$source/more"
      fi
      for disk in $full; do
          cat /dev/zero >"$disk/filler" 2>/dev/null
      done
      "$@"
      status=$?
      [ -z "$(ls -A "$target")" ] && echo 'the target is empty'
      rm -f "$target/filler" "$spare/filler" "$log/filler"
      "$@" || echo "then it exits with $?"
      [ -d "$target/srv" ] || [ -d "$target/tmp" ] && echo 'the mirror is there'
      exit $status
      """;

  @TempDir private Path scratch;
  private Operator operator;
  private Path spare;

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    operator = new Operator(scratch);
    spare = Files.createDirectory(operator.scratch.resolve("spare"));
    Path deep = operator.scratch.resolve("source");
    for (int level = 0; level < 12; level++) {
      deep = deep.resolve("d".repeat(240));
    }
    // Thousands of directories with long paths are more to plan than is kept in memory.
    operator.sh("mkdir -p \"$1\"; cd \"$1\"; seq -f 'directory-%g' 3000 | xargs mkdir", deep);
    operator.configure("BACKUPDIRS=" + operator.scratch.resolve("source"), "VERIFY_PERCENT=0");
  }

  @AfterEach
  void clear() throws Exception {
    if (operator != null) {
      operator.close();
    }
  }

  private Ran runWithFull(String... full) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "/bin/sh",
                "-c",
                SMALL_DISKS,
                "sh",
                operator.log.getParent() + "",
                operator.target.toString(),
                spare.toString(),
                operator.scratch.resolve("source").toString(),
                String.join(" ", full)));
    command.addAll(operator.command("run"));
    Ran ran =
        operator.process(Map.of("LC_ALL", "C.UTF-8", "SQLITE_TMPDIR", spare.toString()), command);
    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    return ran;
  }

  @Test
  void run_namesTheTemporaryDirectory_thatIsFull_andSpoilsNothing() throws Exception {
    Ran ran = runWithFull(spare.toString());

    assertThat(ran.err())
        .hasLineCount(1)
        .contains("a temporary file in " + spare + ": ")
        .contains("full")
        .contains(
            "; make room there, or name another directory in the environment as SQLITE_TMPDIR")
        .doesNotContain(operator.target.toString());
    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out()).isEqualTo("the mirror is there\n");
  }

  @Test
  void run_namesBoth_whenTheLogIsFullToo() throws Exception {
    Ran ran = runWithFull(spare.toString(), operator.log.getParent() + "");

    assertThat(ran.err().lines())
        .hasSize(2)
        .anyMatch(line -> line.contains(operator.log + ": cannot write the log, the run goes on: "))
        .anyMatch(line -> line.contains("a temporary file in " + spare + ": "));
    assertThat(ran.status()).isEqualTo(1);
  }

  @Test
  void run_namesTheTarget_thatIsFull() throws Exception {
    Ran ran = runWithFull(operator.target.toString());

    assertThat(ran.err())
        .hasLineCount(1)
        .contains(operator.target + ": ")
        .doesNotContain(spare.toString())
        .doesNotContain(operator.log.toString());
    assertThat(ran.status()).isEqualTo(3);
    assertThat(ran.out()).isEqualTo("the mirror is there\n");
  }
}
