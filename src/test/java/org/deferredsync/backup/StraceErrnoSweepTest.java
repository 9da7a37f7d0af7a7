package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.fs.Errno;
import org.deferredsync.sweep.Program.Ended;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernel answers a call of the program that concerns source or target with an error: a tenth of
 * all calls and errors, at random. The run says so or has no need of the call, nothing is lost, and
 * the next run heals.
 */
@EnabledOnOs(OS.LINUX)
final class StraceErrnoSweepTest {
  private static final String CALLS =
      StraceSweepTest.CALLS
          + ",read,pread64,lseek,statx,newfstatat,fstat,getdents64,readlinkat,flistxattr,llistxattr,"
          + "listxattr,fgetxattr,lgetxattr,getxattr,fstatfs,statfs,fcntl,flock";
  private static final Pattern CALL = Pattern.compile("^(\\d+) +([a-z0-9_]+)\\(");
  private static final double SHARE = 0.1;
  private static final int USUAL_COUNT = 6;
  private static final int WORKERS = 2;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  /** The thread that comes first to the {@code number}-th such call is answered with the error. */
  private record At(String call, int number, Errno errno) {}

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  @Test
  @Timeout(3_000)
  void error_isToldAndHealed_atATenthOfAllCalls() throws Exception {
    Sweep sweep = Sweep.of("errno-strace");
    List<At> points = new ArrayList<>();
    try (ProgramGround ground = FortyChanges.make(fresh())) {
      for (At call : firsts(FortyChanges.trace(ground, CALLS), ground.fixture)) {
        for (Errno errno : ErrnoSweepTest.ERRORS) {
          points.add(new At(call.call(), call.number(), errno));
        }
      }
    }
    points.sort(Comparator.comparingDouble(at -> lot(sweep, at)));
    long tenth = points.stream().filter(at -> lot(sweep, at) < SHARE).count();
    int count = sweep.count(Math.toIntExact(tenth), USUAL_COUNT);
    List<Series> all = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      int first = i;
      all.add(() -> some(sweep, points.subList(0, count), first));
    }
    sweep.run(all);
    sweep.end(USUAL_COUNT);
  }

  /** From 0 to 1, of the point alone: a sweep that goes on traces a little other points. */
  private static double lot(Sweep sweep, At at) {
    return new SplittableRandom(31 * sweep.seed() + at.toString().hashCode()).nextDouble();
  }

  private void some(Sweep sweep, List<At> points, int first) throws Exception {
    try (ProgramGround ground = FortyChanges.make(fresh())) {
      SavedTarget saved = SavedTarget.of(ground.fixture);
      for (int i = first; i < points.size(); i += WORKERS) {
        At at = points.get(i);
        sweep.meet(at.toString(), () -> fail(ground, saved, at));
      }
    }
  }

  /** The calls that concern source or target where no other thread makes as many before. */
  private static List<At> firsts(List<String> trace, EngineFixture fixture) {
    Map<String, Integer> made = new HashMap<>();
    Map<String, Integer> most = new HashMap<>();
    List<At> firsts = new ArrayList<>();
    for (String line : trace) {
      Matcher call = CALL.matcher(line);
      if (call.find()) {
        int number = made.merge(call.group(1) + call.group(2), 1, Integer::sum);
        boolean ours =
            line.contains(fixture.source.toString()) || line.contains(fixture.target.toString());
        if (number > most.getOrDefault(call.group(2), 0)) {
          most.put(call.group(2), number);
          if (ours) {
            firsts.add(new At(call.group(2), number, Errno.EIO));
          }
        }
      }
    }
    return firsts;
  }

  private static boolean fail(ProgramGround ground, SavedTarget saved, At at) throws Exception {
    saved.bringBack();
    long before = ground.last().id();
    Ended ended =
        ground
            .program
            .start(
                List.of(
                    "strace",
                    "-f",
                    "-qq",
                    "-e",
                    "trace=" + at.call(),
                    "-e",
                    "inject=" + at.call() + ":error=" + at.errno() + ":when=" + at.number(),
                    "-o",
                    "/dev/null"),
                "run")
            .end();
    Oracle oracle = ground.oracle.copy();
    oracle.tells(ended);
    long last = ground.last().id();
    if (ended.status() == 0) {
      oracle.reported(last);
    } else if (last > before && ground.last().ended() != null) {
      oracle.reportedPartial(last);
    }
    oracle.holds();
    ground.heal(oracle);
    return true;
  }
}
