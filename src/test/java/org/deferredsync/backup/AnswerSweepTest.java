package org.deferredsync.backup;

import static java.util.Map.entry;
import static org.deferredsync.backup.FailingCalls.ABSENCE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.FaultyPosix.Entry;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each place in the engine that calls the system gets, once, each answer that means something
 * there: that there is no such thing, that it is another, that this file system has it not. One
 * such answer may be wrong, or come from what somebody else does in that moment: nothing is lost by
 * believing it.
 */
@EnabledOnOs(OS.LINUX)
final class AnswerSweepTest {
  /** What the man pages list for each call, as far as it is no plain failure. */
  private static final Map<Call, List<Errno>> ANSWERS =
      Map.ofEntries(
          entry(Call.OPEN_PATH, List.of(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.ESTALE)),
          entry(
              Call.OPEN_DIRECTORY, List.of(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.ESTALE)),
          entry(
              Call.OPEN_FILE,
              List.of(
                  Errno.ENOENT,
                  Errno.ELOOP,
                  Errno.ENXIO,
                  Errno.EPERM,
                  Errno.EBUSY,
                  Errno.ETXTBSY,
                  Errno.ESTALE)),
          entry(
              Call.CREATE_FILE,
              List.of(Errno.EEXIST, Errno.ENOENT, Errno.EINVAL, Errno.ENAMETOOLONG)),
          entry(Call.OPEN_OWN, List.of(Errno.ELOOP, Errno.EISDIR, Errno.EPERM)),
          entry(Call.STAT, List.of(Errno.ENOENT, Errno.ELOOP, Errno.ESTALE)),
          entry(Call.STAT_OPEN, List.of(Errno.ESTALE)),
          entry(Call.LIST, List.of(Errno.ENOENT, Errno.ENOTDIR, Errno.EINVAL, Errno.ESTALE)),
          entry(Call.READ_LINK, List.of(Errno.ENOENT, Errno.EINVAL, Errno.ENAMETOOLONG)),
          entry(Call.SPACE, List.of(Errno.ENOSYS, Errno.ESTALE)),
          entry(Call.READ, List.of(Errno.EISDIR, Errno.EINVAL, Errno.ESTALE)),
          entry(Call.WRITE, List.of(Errno.EFBIG, Errno.EPERM, Errno.ESTALE)),
          entry(Call.SEEK, List.of(Errno.EINVAL, Errno.ENXIO)),
          entry(Call.TRUNCATE, List.of(Errno.EINVAL, Errno.EFBIG, Errno.EPERM)),
          entry(Call.SYNC, List.of(Errno.EINVAL, Errno.ESTALE)),
          entry(Call.SYNC_FILE_SYSTEM, List.of(Errno.ENOSYS, Errno.ESTALE)),
          entry(
              Call.MAKE_DIRECTORY, List.of(Errno.EEXIST, Errno.ENOENT, Errno.EMLINK, Errno.EPERM)),
          entry(Call.MAKE_SYMLINK, List.of(Errno.EEXIST, Errno.EPERM, Errno.EOPNOTSUPP)),
          entry(Call.MAKE_NODE, List.of(Errno.EEXIST, Errno.EPERM, Errno.EOPNOTSUPP, Errno.ENOSYS)),
          entry(
              Call.LINK,
              List.of(
                  Errno.EEXIST,
                  Errno.ENOENT,
                  Errno.EMLINK,
                  Errno.EPERM,
                  Errno.EOPNOTSUPP,
                  Errno.EXDEV,
                  Errno.ENOSYS)),
          entry(
              Call.RENAME,
              List.of(
                  Errno.ENOENT,
                  Errno.EEXIST,
                  Errno.ENOTEMPTY,
                  Errno.ENOTDIR,
                  Errno.EISDIR,
                  Errno.EXDEV,
                  Errno.EBUSY,
                  Errno.EPERM)),
          entry(
              Call.RENAME_NEW,
              List.of(Errno.EEXIST, Errno.ENOENT, Errno.EXDEV, Errno.EINVAL, Errno.EPERM)),
          entry(Call.UNLINK, List.of(Errno.ENOENT, Errno.EISDIR, Errno.EBUSY, Errno.EPERM)),
          entry(
              Call.REMOVE_DIRECTORY,
              List.of(Errno.ENOENT, Errno.ENOTEMPTY, Errno.EEXIST, Errno.EBUSY, Errno.ENOTDIR)),
          entry(Call.SET_OWNER, List.of(Errno.EPERM, Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENOENT)),
          entry(Call.SET_MODE, List.of(Errno.EPERM, Errno.EOPNOTSUPP, Errno.ENOENT)),
          entry(Call.SET_TIME, List.of(Errno.EPERM, Errno.EINVAL, Errno.ENOENT)),
          entry(Call.XATTRS, List.of(Errno.ENOENT, Errno.ERANGE, Errno.E2BIG, Errno.ENOSYS)),
          entry(
              Call.SET_XATTR,
              List.of(Errno.EOPNOTSUPP, Errno.EPERM, Errno.ERANGE, Errno.E2BIG, Errno.EINVAL)),
          entry(Call.REMOVE_XATTR, List.of(Errno.ENODATA, Errno.EOPNOTSUPP, Errno.EPERM)),
          entry(Call.LOCK, List.of(Errno.ENOSYS, Errno.EINVAL)));

  private static final Set<Call> LOOKS =
      EnumSet.of(
          Call.OPEN_PATH,
          Call.OPEN_DIRECTORY,
          Call.OPEN_FILE,
          Call.OPEN_OWN,
          Call.STAT,
          Call.LIST,
          Call.READ_LINK,
          Call.READ,
          Call.XATTRS);

  private static final int USUAL_POINTS = 5;

  /** Scenarios to be tried, as a regular expression. */
  private static final String ONLY = System.getProperty("sweep.only", ".*");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private int grounds;

  private synchronized Path fresh() throws IOException {
    return Files.createDirectory(scratch.resolve("ground" + grounds++));
  }

  @Test
  @Timeout(3_000)
  void answer_losesNothing_whereverItIsBelieved() throws Exception {
    Sweep sweep = Sweep.of("answers");
    List<Supplier<CrashScenario>> scenarios = new ArrayList<>(ErrnoSweepTest.others());
    scenarios.add(ErrnoSweepTest::changes);
    List<Series> all = new ArrayList<>();
    for (Supplier<CrashScenario> each : scenarios) {
      all.add(
          () -> {
            CrashScenario scenario = each.get();
            if (scenario.name.matches(ONLY)) {
              scenario.prepare(fresh());
              new FailingCalls(sweep, scenario, made -> answers(scenario.fixture, made))
                  .everyPlace(scenario.name, USUAL_POINTS);
            }
          });
    }
    sweep.run(all);
    sweep.end(60);
  }

  /** In the target, which is ours alone while it is locked, nothing goes away between two looks. */
  private static List<Errno> answers(EngineFixture fixture, Entry made) {
    boolean ours = made.objects().get(0).startsWith(fixture.target.toString());
    return ANSWERS.getOrDefault(made.call(), List.of()).stream()
        .filter(errno -> !(ours && LOOKS.contains(made.call()) && ABSENCE.contains(errno)))
        .toList();
  }
}
