package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.sweep.Program.Ended;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program is killed by the kernel at each call of a run of forty changes that changes a file
 * system. {@code strace} counts the calls of each kind in each thread: the thread that comes first
 * to the n-th of its kind dies there, with the process.
 */
@EnabledOnOs(OS.LINUX)
final class StraceSweepTest {
  static final String CALLS =
      "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,"
          + "mknod,mknodat,open,openat,creat,write,pwrite64,pwritev,fsync,fdatasync,syncfs,"
          + "sync_file_range,truncate,ftruncate,fallocate,fchown,fchownat,fchmod,fchmodat,utimensat,"
          + "setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr";
  private static final Pattern CALL = Pattern.compile("^(\\d+) +([a-z0-9_]+)\\(");
  private static final int USUAL_COUNT = 6;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  /** The calls of one kind, the first that concerns the target, and how many there are. */
  private record Kind(String call, int first, int count) {}

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  /** Which calls a run makes that is let alone; those that open a file without making one too. */
  private static List<Kind> kinds(ProgramGround ground) throws Exception {
    SavedTarget saved = SavedTarget.of(ground.fixture);
    List<String> trace = FortyChanges.trace(ground, CALLS);
    saved.bringBack();
    return kinds(trace, ground.fixture.target.toString());
  }

  private static List<Kind> kinds(List<String> trace, String target) {
    Map<String, Integer> made = new HashMap<>();
    Map<String, Kind> kinds = new TreeMap<>();
    for (String line : trace) {
      Matcher matcher = CALL.matcher(line);
      if (matcher.find()) {
        String call = matcher.group(2);
        int number = made.merge(matcher.group(1) + call, 1, Integer::sum);
        Kind known = kinds.get(call);
        if (line.contains(target) && (known == null || number < known.first())) {
          kinds.put(call, new Kind(call, number, number));
        } else if (known != null && number > known.count()) {
          kinds.put(call, new Kind(call, known.first(), number));
        }
      }
    }
    return kinds.values().stream().sorted(Comparator.comparing(kind -> -kind.count())).toList();
  }

  /** Whether the run died at its {@code number}-th such call; then whatever must hold, holds. */
  private static boolean kill(ProgramGround ground, SavedTarget saved, String call, int number)
      throws Exception {
    saved.bringBack();
    Ended ended =
        ground
            .program
            .start(
                List.of(
                    "strace",
                    "-f",
                    "-qq",
                    "-e",
                    "trace=" + call,
                    "-e",
                    "inject=" + call + ":signal=SIGKILL:when=" + number,
                    "-o",
                    "/dev/null"),
                "run")
            .end();
    Oracle oracle = ground.oracle.copy();
    oracle.holds();
    ground.heal(oracle);
    if (ended.endedByItself()) {
      assertThat(ended.complaints()).isEmpty();
      return false;
    }
    assertThat(ended.status()).isEqualTo(137);
    return true;
  }

  @Test
  @Timeout(3_000)
  void kill_losesNothing_atAnyCallOfARun() throws Exception {
    Sweep sweep = Sweep.of("strace");
    List<Series> all = new ArrayList<>();
    try (ProgramGround ground = FortyChanges.make(fresh())) {
      List<Kind> kinds = kinds(ground);
      if (sweep.isFull()) {
        kinds.forEach(kind -> all.add(() -> every(sweep, kind)));
        sweep.note(kinds.size() + " kinds of calls");
      } else {
        all.add(() -> some(sweep, ground, kinds));
      }
      sweep.run(all);
    }
    sweep.end(USUAL_COUNT);
  }

  private void every(Sweep sweep, Kind kind) throws Exception {
    try (ProgramGround ground = FortyChanges.make(fresh())) {
      SavedTarget saved = SavedTarget.of(ground.fixture);
      sweep.loop(kind.call(), kind.first(), 1, number -> kill(ground, saved, kind.call(), number));
    }
  }

  /**
   * Any calls, each as likely as any other, and further ones for those that no thread came to this
   * time.
   */
  private static void some(Sweep sweep, ProgramGround ground, List<Kind> kinds) throws Exception {
    SavedTarget saved = SavedTarget.of(ground.fixture);
    Random random = sweep.random("some");
    int all = kinds.stream().mapToInt(kind -> kind.count() - kind.first() + 1).sum();
    int met = 0;
    for (int i = 0; met < USUAL_COUNT && i < 5 * USUAL_COUNT; i++) {
      int at = random.nextInt(all);
      for (Kind kind : kinds) {
        int here = kind.count() - kind.first() + 1;
        if (at < here) {
          int number = kind.first() + at;
          String name = i + " " + kind.call() + " " + number;
          met += sweep.meet(name, () -> kill(ground, saved, kind.call(), number)) ? 1 : 0;
          break;
        }
        at -= here;
      }
    }
  }
}
