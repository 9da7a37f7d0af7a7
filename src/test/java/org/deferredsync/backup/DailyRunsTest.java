package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.backup.Retention.Keep;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Years of one run a day, with runs that fail, clocks that are changed twice a year and clocks that
 * are wrong: after each the target has the snapshots that the pure function keeps, and at the end
 * each of them is what the source was.
 *
 * <p>{@code -Dsweep.count=N} says how many runs (730 have four changes of the clocks), {@code
 * -Dsweep.seed=N} which.
 */
@EnabledOnOs(OS.LINUX)
final class DailyRunsTest {
  private static final int USUAL_COUNT = 120;
  private static final ZoneId ZONE = ZoneId.of("Europe/Berlin");

  /** In summer, so that few runs meet a change of the clocks too. */
  private static final LocalDate FIRST = LocalDate.of(2027, 8, 1);

  /** Does not exist on one day of the year, and exists twice on another. */
  private static final LocalTime AT = LocalTime.of(2, 30);

  private static final Retention RETENTION = new Retention(5, new Keep(2, 7, 4, 6, 2), 3);
  private static final Duration MONTH = Duration.ofDays(30);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private long seed;
  private Random random = new Random(0);
  private EngineFixture fixture;
  private Instant now = Instant.EPOCH;
  private Verdict verdict = Verdict.GOOD;

  /** The runs as they must be in the catalogue. */
  private final List<Run> model = new ArrayList<>();

  private final Map<Long, Map<String, String>> trees = new TreeMap<>();

  private enum Day {
    GOOD,
    SOURCE_MISSING,
    FILE_UNREADABLE,
    KILLED,
    CLOCK_BACK,
    CLOCK_AT_ZERO,
    CLOCK_FORWARD,
    SWITCHED_OFF
  }

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch).with(Guard.USUAL);
  }

  @Test
  @Timeout(3_000)
  void target_hasWhatThePureFunctionKeeps_afterEveryRun() throws Exception {
    Sweep sweep = Sweep.of("days");
    int count = sweep.count(730, USUAL_COUNT);
    sweep.meetMany("days", () -> run(sweep.seed(), count));
    sweep.end(count);
  }

  private int run(long chosen, int count) throws Exception {
    seed = chosen;
    random = new Random(chosen);
    ChangingTree.write(fixture.source, "stays", "the same");
    Set<Day> met = EnumSet.noneOf(Day.class);
    int off = 0;
    Set<Integer> offsets = new TreeSet<>();
    for (int number = 0; number < count; number++) {
      Day day = any(number);
      met.add(day);
      off += day == Day.SWITCHED_OFF ? 40 : 0;
      Instant right = FIRST.plusDays(number + (long) off).atTime(AT).atZone(ZONE).toInstant();
      offsets.add(ZONE.getRules().getOffset(right).getTotalSeconds());
      now = clock(day, right);
      change(number);
      run(day);
      String as = "run %d, %s, seed %d".formatted(number + 1, day, seed);
      assertThat(verdict).as(as).isEqualTo(expectedVerdict());
      assertThat(TargetChecks.snapshots(fixture)).as(as).isEqualTo(kept());
    }
    assertThat(met).as("seed %d", seed).containsAll(EnumSet.allOf(Day.class));
    assertThat(offsets).as("summer and winter").hasSize(2);
    List<Long> known = kept().stream().filter(trees::containsKey).toList();
    assertThat(known.size()).as("seed %d", seed).isGreaterThan(kept().size() - 3);
    for (long id : known) {
      assertThat(TargetChecks.restored(fixture, id)).as("snapshot %d", id).isEqualTo(trees.get(id));
    }
    assertThat(TargetChecks.leftByExpired(fixture)).isEmpty();
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    return count;
  }

  @Test
  void runs_areDistinct_andInOrder_whenTheyBeginInOneSecond() throws Exception {
    fixture = new EngineFixture(scratch);
    now = FIRST.atTime(AT).atZone(ZONE).toInstant();
    for (long id = 1; id <= 25; id++) {
      ChangingTree.write(fixture.source, "file", "of run " + id);
      backUp(Posix.ofSystem(), CommitHook.NONE);
      trees.put(id, TreeText.of(fixture.source));
    }
    assertThat(TargetChecks.snapshots(fixture)).containsExactlyElementsOf(trees.keySet());
    for (long id : trees.keySet()) {
      assertThat(TargetChecks.restored(fixture, id)).as("snapshot %d", id).isEqualTo(trees.get(id));
    }
  }

  @Test
  void snapshots_skipARunThatFailed_andTellAbsenceFromAnOlderFile() throws Exception {
    fixture = new EngineFixture(scratch);
    Instant first = FIRST.atTime(AT).atZone(ZONE).toInstant();
    for (int day = 0; day < 4; day++) {
      now = first.plus(Duration.ofDays(day));
      Path file = fixture.source.resolve("file");
      switch (day) {
        case 1 -> Files.delete(file);
        case 3 -> Files.writeString(file, "made again");
        default -> Files.writeString(file, "of day " + day);
      }
      ChangingTree.write(fixture.source, "other", "of day " + day);
      run(day == 2 ? Day.SOURCE_MISSING : Day.GOOD);
    }
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<Run> runs = reader.snapshots().list();
      assertThat(runs).extracting(Run::id).containsExactly(1L, 2L, 4L);
      Instant failed = first.plus(Duration.ofDays(2));
      assertThat(PointInTime.parse(failed.toString()).select(runs, now, ZONE).map(Run::id))
          .contains(2L);
    }
    assertThat(TargetChecks.restored(fixture, 1)).containsKey("file");
    assertThat(TargetChecks.restored(fixture, 2)).doesNotContainKey("file");
    assertThat(TargetChecks.restored(fixture, 4)).isEqualTo(TreeText.of(fixture.source));
  }

  /** Each kind of day early, so that few runs meet them all; later by chance. */
  private Day any(int number) {
    Day[] days = Day.values();
    if (number % 9 == 4 && number / 9 < days.length) {
      return days[number / 9];
    }
    return random.nextInt(8) > 0 ? Day.GOOD : days[random.nextInt(days.length)];
  }

  private static Instant clock(Day day, Instant right) {
    return switch (day) {
      case CLOCK_BACK -> right.minus(Duration.ofDays(365));
      case CLOCK_AT_ZERO -> Instant.EPOCH.plusSeconds(right.getEpochSecond() % 86_400);
      case CLOCK_FORWARD -> right.plus(Duration.ofDays(3653));
      default -> right;
    };
  }

  private void change(int number) throws IOException {
    ChangingTree.write(fixture.source, "daily", "run " + number);
    ChangingTree.write(fixture.source, "d" + random.nextInt(5) + "/f", "by run " + number);
    Files.deleteIfExists(fixture.source.resolve("d" + random.nextInt(5) + "/f"));
  }

  private void run(Day day) throws Exception {
    long id = model.size() + 1L;
    Path away = scratch.resolve("away");
    SourceState state = SourceState.COMPLETE;
    FaultyPosix faulty = FaultyPosix.ofSystem();
    switch (day) {
      case SOURCE_MISSING -> {
        state = SourceState.HELD;
        Files.move(fixture.source, away);
        backUp(Posix.ofSystem(), CommitHook.NONE);
        Files.move(away, fixture.source);
      }
      case FILE_UNREADABLE -> {
        state = SourceState.PARTIAL;
        faulty.failOn(Call.OPEN_FILE, "daily", Errno.EIO);
        backUp(faulty, CommitHook.NONE);
      }
      case KILLED -> {
        state = SourceState.INTERRUPTED;
        try {
          backUp(faulty, Deaths.afterCommit(faulty, 2));
          throw new AssertionError("not killed");
        } catch (CrashError expected) {
          verdict = expectedVerdict(state, doubt(now));
        } finally {
          faulty.endProcess();
        }
      }
      default -> backUp(Posix.ofSystem(), CommitHook.NONE);
    }
    boolean doubt = doubt(now);
    model.add(run(id, now, state, false));
    if (state == SourceState.COMPLETE) {
      trees.put(id, TreeText.of(fixture.source));
    }
    if (state == SourceState.PARTIAL) {
      rememberPartial(id);
    }
    if (state == SourceState.COMPLETE && !doubt) {
      expire();
    }
  }

  /** What could not be read is as before; nobody knows what a run that was killed had stored. */
  private void rememberPartial(long id) throws IOException {
    List<Long> kept = kept();
    if (kept.size() < 2) {
      return; // the first of all has nothing that it could keep
    }
    Map<String, String> last = trees.get(kept.get(kept.size() - 2));
    boolean afterKilled = model.get(model.size() - 2).state() == SourceState.INTERRUPTED;
    if (last != null && !afterKilled) {
      Map<String, String> tree = TreeText.of(fixture.source);
      tree.put("daily", last.get("daily"));
      trees.put(id, tree);
    }
  }

  private Verdict expectedVerdict() {
    Run last = model.get(model.size() - 1);
    SourceState state = last.sources().get(0).state();
    boolean doubt = model.size() > 1 && doubtful(model.get(model.size() - 2), last.started());
    return expectedVerdict(state, doubt);
  }

  private static Verdict expectedVerdict(SourceState state, boolean doubt) {
    return switch (state) {
      case HELD -> Verdict.PREREQUISITE;
      case COMPLETE -> doubt ? Verdict.FAILED : Verdict.GOOD;
      default -> Verdict.FAILED;
    };
  }

  private boolean doubt(Instant started) {
    return !model.isEmpty() && doubtful(model.get(model.size() - 1), started);
  }

  private static boolean doubtful(Run last, Instant started) {
    return started.isBefore(last.started()) || started.isAfter(last.started().plus(MONTH));
  }

  private void expire() {
    FilePath source = EngineFixture.filePath(fixture.source);
    for (Decision decision : RETENTION.decide(source, List.copyOf(model), now, ZONE)) {
      if (!decision.keep()) {
        Run old = decision.run();
        RunSource of = old.sources().get(0);
        model.set((int) old.id() - 1, run(old.id(), old.started(), of.state(), true));
      }
    }
  }

  private Run run(long id, Instant started, SourceState state, boolean expired) {
    FilePath source = EngineFixture.filePath(fixture.source);
    return new Run(
        id,
        started,
        started,
        null,
        List.of(new RunSource(source, state, "", Counts.NONE, expired)));
  }

  private List<Long> kept() {
    return model.stream().filter(Run::restorable).map(Run::id).toList();
  }

  private void backUp(Posix posix, CommitHook hook) throws BackupException, IOException {
    Engine usual = fixture.engine();
    Engine engine =
        new Engine(
            posix,
            Clock.fixed(now, ZONE),
            hook,
            usual.stateDirectory(),
            usual.fstab(),
            usual.kernelRelease(),
            usual.progress());
    BackupRequest request =
        new BackupRequest(
            EngineFixture.filePath(fixture.target),
            List.of(new Source(EngineFixture.filePath(fixture.source), EntryFilter.NONE)),
            RETENTION,
            Guard.USUAL,
            List.of(),
            Set.of(),
            Set.of());
    verdict =
        new Backup(engine, request, LoggerFactory.getLogger("incremental_backup")).run().verdict();
  }
}
