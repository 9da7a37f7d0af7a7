package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Prune.Report;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.Descriptors;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Xattr;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class PruneTest {
  private static final Retention SHORT = new Retention(2, 1);
  private static final byte[] FILE = "file".getBytes(StandardCharsets.UTF_8);
  private static final byte[] ATTRIBUTE = "user.day".getBytes(StandardCharsets.UTF_8);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private Path other;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch).with(new Batch.Limits(4, 1 << 20));
    source = fixture.source;
    other = Files.createDirectory(scratch.resolve("other"));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void runAfter(Duration time, Path... sources) throws Exception {
    fixture.ahead(time);
    assertThat(fixture.run(sources).verdict()).isEqualTo(Verdict.GOOD);
  }

  private Prune prune(Path... configured) {
    return fixture.prune(configured);
  }

  /** Four snapshots, of one, two, three and four days after the start. */
  private void fourDays() throws Exception {
    for (int day = 1; day <= 4; day++) {
      write(source.resolve("file"), "x".repeat(day));
      write(source.resolve("of-day-" + day + "/file"), "day " + day);
      write(other.resolve("file"), "y".repeat(day));
      if (day > 1) {
        TargetChecks.delete(source.resolve("of-day-" + (day - 1)));
      }
      runAfter(Duration.ofDays(day), source, other);
    }
  }

  private static List<Long> kept(Report report, Path source) {
    return report.sources().stream()
        .filter(each -> each.source().equals(EngineFixture.filePath(source)))
        .flatMap(each -> each.decisions().stream())
        .filter(Decision::keep)
        .map(decision -> decision.run().id())
        .toList();
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names
          .filter(name -> name.getFileName().toString().startsWith("_backup_"))
          .sorted()
          .toList();
    }
  }

  private long directories() throws IOException {
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Catalogue catalogue = Catalogue.openReader(file)) {
      return catalogue.directories().treeDeepestFirst(FilePath.ROOT, null, 1_000_000).stream()
          .filter(known -> known.path().toString().startsWith(scratch + "/"))
          .count();
    }
  }

  /** Another thread may be starting a program as the locks are given back. */
  @Test
  void prune_leavesNoLock_thoughSomebodyHasCopiesOfTheDescriptors() throws Exception {
    fourDays();
    Path lock = fixture.target.resolve(Target.OWN).resolve("lock");
    List<Integer> copies = new ArrayList<>();
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (int number = 1; number <= 9; number++) {
      posix.before(Call.CLOSE, "lock", number, () -> copies.add(Descriptors.copyOf(lock)));
    }
    fixture.with(posix);
    try {
      assertThat(prune(source, other).run(SHORT).deleted()).isEqualTo(6);

      assertThat(copies).hasSizeGreaterThan(1);
      assertThat(TargetChecks.snapshots(fixture)).containsExactly(3L, 4L);
      fixture.with(Posix.ofSystem());
      runAfter(Duration.ofDays(5), source, other);
    } finally {
      assertThat(copies).allMatch(copy -> Descriptors.close(copy) == 0);
    }
  }

  @Test
  void prune_deletesWhatIsReleased_andNothingElse() throws Exception {
    fourDays();

    Report report = prune(source, other).run(SHORT);

    assertThat(report.hindrance()).isEmpty();
    assertThat(report.deleted()).isEqualTo(6);
    assertThat(kept(report, source)).containsExactly(3L, 4L);
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(3L, 4L);
    assertThat(increments()).hasSize(1);
    assertThat(directories()).as("source, other, and two of the days").isEqualTo(4);
    assertThat(TargetChecks.restored(fixture, 3)).containsKey("of-day-3/file");
    TargetChecks.sound(fixture);
    assertThat(prune(source, other).run(SHORT).deleted()).isZero();
  }

  @Test
  void prune_leavesWhatIsNotOurs_inAnIncrement() throws Exception {
    fourDays();
    List<Path> increments = increments();
    Map<Path, String> foreign = new TreeMap<>();
    for (Path increment : increments) {
      foreign.put(increment.resolve("beside"), "mine");
      foreign.put(increment.resolve(source.toString().substring(1)).resolve("letter"), "mine too");
      foreign.put(increment.resolve("own/deep/file"), "and mine");
    }
    foreign.put(fixture.target.resolve("_backup_20200101"), "a file that is called like one");
    for (Map.Entry<Path, String> file : foreign.entrySet()) {
      write(file.getKey(), file.getValue());
    }

    Report report = prune(source, other).run(SHORT);

    assertThat(report.deleted()).isEqualTo(6);
    for (Map.Entry<Path, String> file : foreign.entrySet()) {
      assertThat(file.getKey()).hasContent(file.getValue());
    }
    for (Path increment : increments.subList(0, 2)) {
      try (Stream<Path> left = Files.walk(increment)) {
        assertThat(left.filter(Files::isRegularFile))
            .as("nothing but what is not ours in %s", increment)
            .allMatch(foreign::containsKey);
      }
    }
    assertThat(TargetChecks.restored(fixture, 3)).containsKey("of-day-3/file");
    assertThat(prune(source, other).run(SHORT).deleted()).isZero();
  }

  @Test
  void prune_forgetsAttributes_thatNoVersionHas() throws Exception {
    for (int day = 1; day <= 4; day++) {
      write(source.resolve("file"), "day " + day);
      attribute("value of day " + day);
      runAfter(Duration.ofDays(day), source);
    }
    assertThat(attributeSets()).isEqualTo(4);

    prune(source).run(SHORT);

    assertThat(attributeSets()).isEqualTo(2);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    attribute("another value");
    runAfter(Duration.ofDays(5), source);
    prune(source).run(new Retention(1, 1));
    attribute("a last value");
    runAfter(Duration.ofDays(6), source);
    assertThat(attribute(fixture.mirror(source))).isEqualTo("a last value");
  }

  /** Gives the file in the source this value of an attribute. */
  private void attribute(String value) throws IOException {
    Posix posix = Posix.ofSystem();
    int directory = posix.openPath(EngineFixture.filePath(source).bytes());
    try {
      posix.setXattr(directory, FILE, new Xattr(ATTRIBUTE, value.getBytes(StandardCharsets.UTF_8)));
    } catch (PosixException e) {
      assumeTrue(!e.is(Errno.EOPNOTSUPP), "no attributes of users on this file system");
      throw e;
    } finally {
      posix.close(directory);
    }
  }

  private static String attribute(Path parent) throws IOException {
    Posix posix = Posix.ofSystem();
    int directory = posix.openPath(EngineFixture.filePath(parent).bytes());
    try {
      return new String(posix.xattrs(directory, FILE).get(0).value(), StandardCharsets.UTF_8);
    } finally {
      posix.close(directory);
    }
  }

  /** How many sets of attributes the catalogue has. */
  private long attributeSets() throws Exception {
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Catalogue catalogue = Catalogue.openReader(file)) {
      long count = 0;
      for (long id = 1; id < 100; id++) {
        try {
          catalogue.xattrs().find(id);
          count++;
        } catch (CatalogueException none) {
          assertThat(none).hasMessageContaining("no attributes " + id);
        }
      }
      return count;
    }
  }

  @Test
  void preview_saysTheSame_andWritesNothing() throws Exception {
    fourDays();
    Map<String, String> before = TreeText.of(scratch);

    Report preview = prune(source, other).preview(SHORT);

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(prune(source, other).run(SHORT).sources()).isEqualTo(preview.sources());
  }

  @Test
  @Tag("rule-10")
  void prune_goesOn_afterARunThatFailed() throws Exception {
    fourDays();
    Files.move(source, scratch.resolve("away"));
    fixture.ahead(Duration.ofDays(5));
    assertThat(fixture.run(source, other).verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(TargetChecks.snapshots(fixture)).contains(1L, 2L, 3L);

    Report report = prune(source, other).run(SHORT);

    assertThat(kept(report, source)).containsExactly(4L);
  }

  @Test
  @Tag("small-rule-12")
  void prune_deletesNothing_byAClockInDoubt() throws Exception {
    fourDays();
    fixture.ahead(Duration.ofDays(3));
    assertThat(prune(source, other).run(SHORT).hindrance()).contains("before the last run");
    fixture.ahead(Duration.ofDays(35));
    assertThat(prune(source, other).run(SHORT).hindrance()).contains("run a backup first");
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  @Tag("rule-6")
  void prune_deletesNothing_whileSomebodyReads() throws Exception {
    fourDays();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(prune(source, other).run(SHORT).hindrance()).contains("reading");
      assertThat(reader.snapshots().list()).hasSize(4);
    }
  }

  @Test
  @Tag("rule-19")
  void prune_keepsASourceThatIsNotConfigured() throws Exception {
    fourDays();

    Report report = prune(source).run(SHORT);

    assertThat(kept(report, other)).containsExactly(1L, 2L, 3L, 4L);
    assertThat(report.sources())
        .filteredOn(Prune.SourceDecisions::retired)
        .extracting(each -> each.source())
        .containsExactly(EngineFixture.filePath(other));
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  void prune_beginsNoTarget() throws Exception {
    assertThatThrownBy(() -> prune(source).run(SHORT)).hasMessageContaining("no target yet");
    assertThatThrownBy(() -> prune(source).remove(EngineFixture.filePath(other)))
        .hasMessageContaining("no target yet");
    assertThat(fixture.target).isEmptyDirectory();
  }

  @Test
  @Tag("rule-4")
  void prune_works_whileWhatARunLeftCannotBePublished() throws Exception {
    fourDays();
    write(source.resolve("file"), "of the fifth day");
    fixture.ahead(Duration.ofDays(4).plusHours(1));
    FaultyPosix stuck = FaultyPosix.ofSystem();
    stuck.failOn(Call.RENAME, "file", Errno.EIO);
    fixture.with(stuck);
    assertThatThrownBy(() -> fixture.run(source, other)).hasMessageContaining("file");
    try (TargetReader reader =
        TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      assertThat(reader.pending()).isNotEmpty();
    }

    Report report = prune(source, other).run(SHORT);

    assertThat(report.deleted()).isEqualTo(6);
    fixture.with(Posix.ofSystem());
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(3L, 4L);
    runAfter(Duration.ofDays(4).plusHours(2), source, other);
    TargetChecks.sound(fixture);
  }

  /** Dies at each change and around each commit of {@code work}, and checks what is left. */
  private void sweep(Work work, Work check) throws Exception {
    Path saved = Files.createDirectory(scratch.resolve("saved"));
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    int points = 0;
    for (boolean atCommits : List.of(false, true)) {
      boolean met = true;
      for (int number = 1; met; number++) {
        Shell.run("rm", "-rf", fixture.target.toString());
        Shell.run("cp", "-a", saved + "/.", scratch.toString());
        FaultyPosix posix = FaultyPosix.ofSystem();
        if (!atCommits) {
          posix.crashAfter(number);
        }
        fixture.with(posix).with(atCommits ? Deaths.afterCommit(posix, number) : CommitHook.NONE);
        try {
          work.run();
          met = false;
        } catch (CrashError expected) {
          points++;
        } finally {
          posix.endProcess();
        }
        fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
        try {
          check.run();
        } catch (Exception | AssertionError e) {
          fail((atCommits ? "commit " : "change ") + number, e);
        }
      }
    }
    assertThat(points).isGreaterThan(15);
  }

  private interface Work {
    void run() throws Exception;
  }

  @Test
  @Tag("rule-18")
  void prune_isFinishedByTheNextRun_whereverItDies() throws Exception {
    fourDays();
    fixture.ahead(Duration.ofDays(4).plusHours(2));
    fixture.with(new Retention(100, 1)); // the run itself has nothing to expire
    Map<String, String> third = TargetChecks.restored(fixture, 3);

    sweep(
        () -> prune(source, other).run(SHORT),
        () -> {
          boolean begun = !TargetChecks.snapshots(fixture).contains(1L);
          assertThat(fixture.run(source, other).verdict()).isEqualTo(Verdict.GOOD);
          assertThat(TargetChecks.leftByExpired(fixture)).isEmpty();
          assertThat(TargetChecks.restored(fixture, 3)).isEqualTo(third);
          TargetChecks.sound(fixture);
          if (begun) {
            prune(source, other).run(SHORT);
            assertThat(increments()).hasSize(1);
          }
        });
  }

  // --- sources that are not configured any more
  // ---------------------------------------------------

  @Test
  @Tag("rule-19")
  void remove_takesAllOfARetiredSource_andNothingElse() throws Exception {
    Path deep = Files.createDirectories(scratch.resolve("above/it/deep"));
    write(deep.resolve("a/b/file"), "1");
    Files.createSymbolicLink(deep.resolve("a/link"), Path.of("nowhere"));
    fourDays();
    runAfter(Duration.ofDays(5), source, other, deep);
    write(deep.resolve("a/b/file"), "22");
    write(source.resolve("file"), "changed too");
    runAfter(Duration.ofDays(6), source, other, deep);
    runAfter(Duration.ofDays(7), source, other);
    Map<String, String> fifth = TargetChecks.restored(fixture, 5);
    FilePath gone = EngineFixture.filePath(deep);
    Map<String, String> before = TreeText.of(scratch);
    Prune.Removal planned = prune(source, other).previewRemoval(gone);
    assertThat(TreeText.of(scratch)).isEqualTo(before);

    Prune.Removal removal = prune(source, other).remove(gone);

    assertThat(removal.snapshots()).isEqualTo(planned.snapshots()).isEqualTo(2);
    assertThat(removal.entries()).isEqualTo(planned.entries()).isEqualTo(4);
    assertThat(removal.deleted()).as("three below a, a, the source, one past").isEqualTo(6);
    assertThat(fixture.mirror(scratch.resolve("above"))).doesNotExist();
    for (Path increment : increments()) {
      assertThat(increment.resolve(deep.toString().substring(1))).doesNotExist();
    }
    assertThat(TargetChecks.restored(fixture, 5)).isEqualTo(fifth);
    TargetChecks.sound(fixture);
    assertThatThrownBy(() -> prune(source, other).remove(gone))
        .hasMessageContaining("not a source of this target");
    runAfter(Duration.ofDays(8), source, other, deep);
    assertThat(TreeText.of(fixture.mirror(deep))).isEqualTo(TreeText.of(deep));
  }

  @Test
  void remove_refusesAConfiguredSource_andOneItDoesNotKnow() throws Exception {
    fourDays();
    Map<String, String> before = new TreeMap<>(TreeText.of(fixture.target));

    assertThatThrownBy(() -> prune(source, other).remove(EngineFixture.filePath(other)))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("is in BACKUPDIRS");
    assertThatThrownBy(() -> prune(source).remove(EngineFixture.filePath(scratch)))
        .isInstanceOf(BackupException.class)
        .hasMessage(scratch + ": not a source of this target; its retired sources: " + other);

    assertThat(TreeText.of(fixture.mirror(other))).isEqualTo(TreeText.of(other)).isNotEmpty();
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L, 2L, 3L, 4L);
    assertThat(before).isNotEmpty();
  }

  @Test
  void remove_givesBackItsLocks_whenTheTargetCannotBeWritten() throws Exception {
    fourDays();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.MAKE_DIRECTORY, "staging", Errno.EROFS);
    fixture.with(posix);

    assertThatThrownBy(() -> prune(source).remove(EngineFixture.filePath(other)))
        .hasMessageContaining("read-only file system");

    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
  }

  @Test
  void remove_leavesASourceBelowIt_whole() throws Exception {
    Path inner = source.resolve("in/ner");
    write(inner.resolve("file"), "1");
    write(source.resolve("in/beside"), "beside");
    fourDays();
    write(inner.resolve("file"), "22");
    runAfter(Duration.ofDays(5), inner);
    write(inner.resolve("file"), "333");
    runAfter(Duration.ofDays(6), inner);

    prune(inner).remove(EngineFixture.filePath(source));

    assertThat(fixture.mirror(inner.resolve("file"))).hasContent("333");
    assertThat(fixture.mirror(source.resolve("in/beside"))).doesNotExist();
    assertThat(fixture.mirror(source.resolve("file"))).doesNotExist();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(reader.snapshots().list()).extracting(run -> run.id()).contains(5L, 6L);
    }
    Verifier.Result verified = TargetChecks.verify(fixture);
    assertThat(verified.good()).as("%s", verified).isTrue();
    assertThat(verified.unknown()).isZero();
    runAfter(Duration.ofDays(7), inner);
    runAfter(Duration.ofDays(8), source);
    TargetChecks.sound(fixture);
  }

  @Test
  void remove_leavesTheMirror_ofASourceAroundIt() throws Exception {
    Path inner = source.resolve("in");
    write(inner.resolve("file"), "1");
    runAfter(Duration.ofDays(1), inner);
    write(inner.resolve("file"), "22");
    runAfter(Duration.ofDays(2), inner);
    write(source.resolve("beside"), "beside");
    runAfter(Duration.ofDays(3), source);

    Prune.Removal removal = prune(source).remove(EngineFixture.filePath(inner));

    assertThat(removal.mirrorStays()).isEqualTo(EngineFixture.filePath(source));
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(3L);
    assertThat(increments()).isEmpty();
    TargetChecks.sound(fixture);
  }

  @Test
  void remove_leavesWhatIsNotItsOwn() throws Exception {
    write(other.resolve("d/file"), "of ours");
    runAfter(Duration.ofDays(1), source, other);
    Path changed = Files.writeString(fixture.mirror(other.resolve("d/file")), "of somebody's");

    prune(source).remove(EngineFixture.filePath(other));

    assertThat(changed).hasContent("of somebody's");
  }

  @Test
  void remove_isFinishedWhenAskedAgain_whereverItDies() throws Exception {
    write(other.resolve("d/e/file"), "e");
    fourDays();
    runAfter(Duration.ofDays(5), source);
    fixture.with(new Retention(100, 1));
    fixture.ahead(Duration.ofDays(5).plusHours(2));
    FilePath gone = EngineFixture.filePath(other);
    Map<String, String> third = TargetChecks.restored(fixture, 3);

    sweep(
        () -> prune(source).remove(gone),
        () -> {
          assertThat(TargetChecks.restored(fixture, 3)).isEqualTo(third);
          assertThat(TargetChecks.verify(fixture).missing()).isZero();
          if (stillKnows(gone)) {
            prune(source).remove(gone);
          } else {
            prune(source).run(new Retention(100, 1)); // finishes what is pending
          }
          assertThat(fixture.mirror(other)).doesNotExist();
          assertThat(TargetChecks.restored(fixture, 3)).isEqualTo(third);
          TargetChecks.sound(fixture);
          assertThat(fixture.run(source).verdict()).isEqualTo(Verdict.GOOD);
          TargetChecks.sound(fixture);
        });
  }

  private boolean stillKnows(FilePath of) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader.catalogue().runs().list().stream()
          .flatMap(run -> run.sources().stream())
          .anyMatch(each -> each.source().equals(of));
    }
  }

  @Test
  void remove_isTakenUpByPrune_andGivenUpWhenTheSourceIsBackedUpAgain() throws Exception {
    fourDays();
    runAfter(Duration.ofDays(5), source);
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).with(Deaths.afterCommit(posix, 2));
    FilePath gone = EngineFixture.filePath(other);
    assertThatThrownBy(() -> prune(source).remove(gone)).isInstanceOf(CrashError.class);
    posix.endProcess();
    fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    Path saved = Files.createDirectory(scratch.resolve("saved"));
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());

    prune(source).run(SHORT);

    assertThat(fixture.mirror(other)).doesNotExist();
    Shell.run("rm", "-rf", fixture.target.toString());
    Shell.run("cp", "-a", saved + "/.", scratch.toString());
    runAfter(Duration.ofDays(6), source, other);
    runAfter(Duration.ofDays(7), source);
    prune(source).run(new Retention(100, 1));
    assertThat(TreeText.of(fixture.mirror(other))).isEqualTo(TreeText.of(other));
    assertThat(TargetChecks.snapshots(fixture)).contains(6L);
  }

  @Test
  void remove_isRefused_whileSomebodyReads_andPutOffWhereTheSourceIsConfiguredAgain()
      throws Exception {
    fourDays();
    runAfter(Duration.ofDays(5), source);
    FilePath gone = EngineFixture.filePath(other);
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(reader.snapshots().list()).hasSize(5);
      assertThatThrownBy(() -> prune(source).remove(gone))
          .isInstanceOf(BackupException.class)
          .hasMessage(
              "%s: somebody is reading the target; remove the source when that has ended",
              fixture.target);
    }
    prune(source).run(source -> source.equals(gone) ? SHORT : new Retention(100, 1));
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).with(Deaths.afterCommit(posix, 1));
    assertThatThrownBy(() -> prune(source).remove(gone)).isInstanceOf(CrashError.class);
    posix.endProcess();
    fixture.with(Posix.ofSystem()).with(CommitHook.NONE);

    prune(source, other).run(new Retention(100, 1));

    assertThat(fixture.mirror(other.resolve("file"))).hasContent("y".repeat(4));
    prune(source).run(new Retention(100, 1));
    assertThat(fixture.mirror(other)).doesNotExist();
  }

  @Test
  void prune_hasNothingToDo_inATargetWithoutRuns() throws Exception {
    assertThat(fixture.diesBeforeCommit(2)).isTrue();

    Report report = prune(source, other).run(SHORT);

    assertThat(report).isEqualTo(new Report("", List.of(), 0));
    runAfter(Duration.ofDays(1), source);
    TargetChecks.sound(fixture);
  }

  @Test
  void prune_namesTheTargetAndTheRemedy_whenItsDiskFails() throws Exception {
    write(source.resolve("file"), "one");
    write(other.resolve("file"), "one");
    runAfter(Duration.ZERO, source, other);
    write(source.resolve("file"), "two");
    runAfter(Duration.ofDays(5), source);
    List<ThrowingCallable> all =
        List.of(
            () -> prune(source).run(SHORT),
            () -> prune(source).remove(EngineFixture.filePath(other)));
    for (ThrowingCallable one : all) {
      failsAt(Call.OPEN_PATH, "target", one, Errno.EIO, ": its disk fails; ");
      failsAt(Call.OPEN_DIRECTORY, "staging", one, Errno.EIO, ": its disk fails; ");
      failsAt(Call.OPEN_DIRECTORY, "staging", one, Errno.EACCES, ": ");
    }
    assertThat(prune(source).remove(EngineFixture.filePath(other)).deleted()).isPositive();
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  private void failsAt(Call call, String name, ThrowingCallable what, Errno errno, String says) {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(call, name, errno);
    fixture.with(posix);
    assertThatThrownBy(what)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(fixture.target + says)
        .hasMessageContaining(errno.text())
        .hasMessageEndingWith("; nothing that was stored is lost, the next run goes on from there");
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
  }
}
