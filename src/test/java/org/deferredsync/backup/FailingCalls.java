package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.FaultyPosix.Entry;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Sweep;

/**
 * The calls of one scenario as points of a sweep: each answers once with an error, and the scenario
 * says so or had no need of it, nothing is lost or taken for absent, no descriptor stays open, and
 * what is done then heals.
 */
final class FailingCalls {
  /** Calls and their places to be tried, as a regular expression. */
  private static final Pattern ONLY = Pattern.compile(System.getProperty("sweep.call", ""));

  /** What a file system may have nothing of; what is lost by that is said, and is no failure. */
  private static final Set<Call> REFUSED = EnumSet.of(Call.LINK, Call.SET_TIME, Call.SET_XATTR);

  /** What says that there is no such thing, which is not true here. */
  static final Set<Errno> ABSENCE =
      EnumSet.of(Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EISDIR, Errno.ENXIO);

  private final Sweep sweep;
  private final CrashScenario scenario;
  private final Function<Entry, List<Errno>> errors;
  private final SavedTarget saved;
  private final List<At> calls;

  /** A call: the how-manieth of its kind, and what is called where in the program. */
  private record At(Entry entry, int number, String callers) {
    Call call() {
      return entry.call();
    }

    String place() {
      return entry.call() + " " + callers;
    }
  }

  private record Point(At at, Errno errno) {}

  /**
   * @param scenario prepared
   * @param errors that each call may answer with
   */
  FailingCalls(Sweep sweep, CrashScenario scenario, Function<Entry, List<Errno>> errors)
      throws Exception {
    this.sweep = sweep;
    this.scenario = scenario;
    this.errors = errors;
    this.saved = SavedTarget.of(scenario.fixture);
    this.calls = calls();
  }

  /** All calls that are made where nothing disturbs. */
  private List<At> calls() throws Exception {
    scenario.begin();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.notePlaces();
    scenario.fixture.with(posix);
    BackupReport report = scenario.act();
    if (report != null) {
      assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    }
    Map<Call, Integer> made = new EnumMap<>(Call.class);
    List<At> all = new ArrayList<>();
    for (int i = 0; i < posix.log().size(); i++) {
      Entry entry = posix.log().get(i);
      int number = made.merge(entry.call(), 1, Integer::sum);
      At at = new At(entry, number, posix.places().get(i));
      if (ONLY.matcher(at.place()).find()) {
        all.add(at);
      }
    }
    return all;
  }

  /** Every call with every error. */
  void every(String name, int usualStep) {
    List<Point> points = new ArrayList<>();
    for (At at : calls) {
      errors.apply(at.entry()).forEach(errno -> points.add(new Point(at, errno)));
    }
    meet(name, usualStep, points);
  }

  /** Every place in the program with every error, at one of the calls that are made there. */
  void everyPlace(String name, int usualPoints) {
    Random random = sweep.random(name);
    Map<String, List<At>> places = new LinkedHashMap<>();
    for (At at : calls) {
      places.computeIfAbsent(at.place(), key -> new ArrayList<>()).add(at);
    }
    List<Point> points = new ArrayList<>();
    for (List<At> there : places.values()) {
      for (Errno errno : Errno.values()) {
        List<At> may =
            there.stream().filter(at -> errors.apply(at.entry()).contains(errno)).toList();
        if (!may.isEmpty()) {
          points.add(new Point(may.get(random.nextInt(may.size())), errno));
        }
      }
    }
    int tried = Integer.getInteger("sweep.points", usualPoints);
    meet(name, Math.max(1, points.size() / tried), points);
  }

  private void meet(String name, int usualStep, List<Point> points) {
    sweep.loop(
        name,
        0,
        usualStep,
        number -> {
          if (number >= points.size()) {
            return false;
          }
          saved.bringBack();
          try {
            fails(points.get(number));
            return true;
          } catch (Exception | AssertionError e) {
            throw new AssertionError(points.get(number).toString(), e);
          } finally {
            scenario.fixture.with(Posix.ofSystem());
          }
        });
  }

  private void fails(Point point) throws Exception {
    EngineFixture fixture = scenario.fixture;
    scenario.begin();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(point.at().call(), point.at().number(), point.errno());
    fixture.with(posix);
    Oracle judge = scenario.oracle.copy();
    boolean kept = !REFUSED.contains(point.at().call());
    scenario.keepsAll = kept && !ABSENCE.contains(point.errno());
    if (!kept) {
      judge.metadataMayDiffer(point.at().call() == Call.LINK);
    }
    scenario.leavesNothing =
        !ABSENCE.contains(point.errno()) && point.at().call() != Call.REMOVE_DIRECTORY;
    if (!scenario.leavesNothing) {
      judge.unknownMayStay();
    }
    try {
      BackupReport report = scenario.act();
      // What vanishes from a source while it is looked at is no trouble, and comes with the next
      // run.
      if (report != null && report.verdict() == Verdict.GOOD && scenario.leavesNothing) {
        judge.reported(requireNonNull(report.run()));
        if (!point.at().callers().contains("Manifests.java")) { // which the next run writes
          judge.sound();
        }
      } else if (report != null) {
        judge.reportedPartial(requireNonNull(report.run()));
      }
    } catch (BackupException | IOException e) {
      String said = String.valueOf(e.getMessage());
      assertThat(said).as("(f)").doesNotContain("\n", "Exception");
      if (e instanceof BackupException || said.contains("injected")) { // not behind a lie
        assertThat(said)
            .as("(f)")
            .containsAnyOf(fixture.home.toString(), point.at().entry().objects().get(0));
      }
    }
    assertThat(posix.closedTwice()).as("descriptors closed twice").isEmpty();
    if (point.at().call() != Call.CLOSE) { // behind which others are not closed, but it ends
      assertThat(posix.openObjects()).as("descriptors left open").isEmpty();
    }
    fixture.with(Posix.ofSystem());
    scenario.keepsAll = true;
    scenario.atOnce(judge);
    scenario.later(Duration.ofSeconds(1));
    scenario.mend(judge);
  }
}
