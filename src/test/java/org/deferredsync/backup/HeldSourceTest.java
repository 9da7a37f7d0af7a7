package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every accident that takes a source away: it stays as it was, one line tells, and one command. */
@EnabledOnOs(OS.LINUX)
final class HeldSourceTest {
  /** With the source's root two hundred entries. */
  private static final int FILES = 189;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private Path other;
  private LogCapture log;
  private int seconds;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch).with(Guard.USUAL);
    source = fixture.source;
    other = Files.createDirectory(scratch.resolve("other"));
    write(other, "file", "beside");
    for (int i = 0; i < FILES; i++) {
      write(source, "d" + i % 10 + "/f" + i, "text of " + i);
    }
    log = new LogCapture("incremental_backup");
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @AfterEach
  void stop() {
    log.close();
  }

  private static void write(Path top, String name, String text) throws IOException {
    ChangingTree.write(top, name, text);
  }

  private BackupReport run() throws Exception {
    seconds += 40;
    fixture.ahead(Duration.ofSeconds(seconds));
    return fixture.run(source, other);
  }

  private BackupReport approve() throws Exception {
    fixture.approves(source);
    try {
      return run();
    } finally {
      fixture.approves();
    }
  }

  private void lose(int files) throws IOException {
    for (int i = 0; i < files; i++) {
      Files.delete(source.resolve("d" + i % 10 + "/f" + i));
    }
  }

  private static RunSource first(BackupReport report) {
    return report.sources().get(0).result();
  }

  private List<String> warnings() {
    return log.lines().stream().filter(line -> line.startsWith("WARN")).toList();
  }

  private Map<String, String> mirror() throws IOException {
    return TreeText.of(fixture.mirror(source));
  }

  /** Runs, and requires that the source is held and all of it stays, and that others go on. */
  private SourceReport held(Kind kind, Verdict verdict) throws Exception {
    Map<String, String> before = mirror();
    Map<String, String> restored = TargetChecks.restored(fixture, 1);
    write(other, "file", "beside, in round " + seconds);
    int said = warnings().size();
    seconds += 40;
    fixture.ahead(Duration.ofSeconds(seconds));
    SourceReport planned = fixture.preview(source, other).sources().get(0);
    assertThat(warnings()).as("the preview says one line").hasSize(said + 1);
    SourceReport report = run().sources().get(0);
    assertThat(report).as("the preview's verdict").isEqualTo(planned);
    assertThat(warnings()).as("the run says the same line").hasSize(said + 2);
    assertThat(warnings().get(said + 1)).isEqualTo(warnings().get(said));
    assertThat(report.verdict()).isEqualTo(verdict);
    assertThat(report.result().state()).isEqualTo(SourceState.HELD);
    assertThat(report.result().hold(kind)).isPresent();
    assertThat(mirror()).isEqualTo(before);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(restored);
    assertThat(fixture.mirror(other.resolve("file")))
        .hasContent("beside, in round " + (seconds - 80));
    return report;
  }

  /** Requires that the source is backed up as it is, and the next run has nothing to say. */
  private void mended() throws Exception {
    BackupReport report = run();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    assertThat(first(report).state()).isEqualTo(SourceState.COMPLETE);
    assertThat(first(report).holds()).isEmpty();
    assertThat(mirror()).isEqualTo(TreeText.of(source));
    BackupReport next = run();
    assertThat(next.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(first(next).counts().unchanged()).isTrue();
    TargetChecks.sound(fixture);
  }

  // --- missing ---------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"nothing", "file", "dangling link", "link to a directory"})
  void run_holdsASource_thatIsNoDirectory(String instead) throws Exception {
    Path away = scratch.resolve("away");
    Files.move(source, away);
    switch (instead) {
      case "file" -> Files.writeString(source, "a file");
      case "dangling link" -> Files.createSymbolicLink(source, Path.of("/nonexistent"));
      case "link to a directory" -> Files.createSymbolicLink(source, away);
      default -> {}
    }

    held(Kind.MISSING, Verdict.PREREQUISITE);

    BackupReport approved = approve();
    assertThat(first(approved).state()).as("cannot be approved").isEqualTo(SourceState.HELD);
    assertThat(warnings()).anyMatch(line -> line.contains("cannot release why it was held: "));
    Files.deleteIfExists(source);
    Files.move(away, source);
    mended();
  }

  // --- empty -----------------------------------------------------------------------------------

  @Test
  void run_holdsASource_thatIsSuddenlyEmpty_untilThatIsApproved() throws Exception {
    Path away = scratch.resolve("away");
    Files.move(source, away);
    Files.createDirectory(source);

    SourceReport report = held(Kind.EMPTY, Verdict.FAILED);

    assertThat(report.result().hold(Kind.EMPTY)).contains(new Hold(Kind.EMPTY, 199, 200));
    assertThat(warnings().get(0))
        .isEqualTo(
            "WARN incremental_backup: "
                + source
                + ": is empty and had 199 entries. Its mirror and history stay as they are; restore it, or if that"
                + " is meant: deferred-sync run --approve "
                + source);
    assertThat(approve().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(source)).isEmptyDirectory();
    mended();
  }

  @Test
  void run_goesOn_whenTheSourceIsFullAgain() throws Exception {
    Path away = scratch.resolve("away");
    Files.move(source, away);
    Files.createDirectory(source);
    held(Kind.EMPTY, Verdict.FAILED);
    Files.delete(source);
    Files.move(away, source);
    mended();
  }

  // --- lost ------------------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"60, false", "61, true", "84, true"})
  void run_holdsASource_thatLostMoreThanTheShare(int files, boolean held) throws Exception {
    lose(files);
    if (!held) {
      mended();
      return;
    }
    SourceReport report = held(Kind.LOST, Verdict.FAILED);
    assertThat(report.result().hold(Kind.LOST)).contains(new Hold(Kind.LOST, files, 200));
    assertThat(warnings().get(0))
        .contains(files + " of 200 entries are gone (")
        .contains(" %, GUARD_PERCENT is 30). Its mirror and history stay as they are; ")
        .endsWith("deferred-sync run --approve " + source);
  }

  @Test
  void run_letsAnythingGo_belowTheLeastNumber_orWithTheShareOff() throws Exception {
    fixture.with(new Guard(30, 201));
    lose(150);
    mended();
    fixture.with(new Guard(100, 1));
    for (int i = 150; i < FILES - 1; i++) {
      Files.delete(source.resolve("d" + i % 10 + "/f" + i));
    }
    mended();
  }

  @Test
  void approval_isGoodOnce_forWhatWasRecorded() throws Exception {
    lose(84);
    held(Kind.LOST, Verdict.FAILED);

    BackupReport report = approve();

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(first(report).counts().removed()).isEqualTo(84);
    assertThat(TargetChecks.restored(fixture, 1)).hasSize(200);
    mended();
    int said = warnings().size();
    approve();
    assertThat(warnings().subList(said, warnings().size()))
        .containsExactly(
            "WARN incremental_backup: "
                + source
                + ": --approve changes nothing, the last run recorded no reason to hold it.");
    for (int i = 84; i < 84 + 50; i++) {
      Files.delete(source.resolve("d" + i % 10 + "/f" + i));
    }
    held(Kind.LOST, Verdict.FAILED);
  }

  @Test
  @Tag("small-rule-4")
  void approval_isNotGood_forMoreThanWasRecorded() throws Exception {
    lose(70);
    held(Kind.LOST, Verdict.FAILED);
    Files.delete(source.resolve("d9/f179"));

    BackupReport more = approve();

    assertThat(more.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(first(more).hold(Kind.LOST)).contains(new Hold(Kind.LOST, 71, 200));
    assertThat(mirror()).hasSize(200);
    assertThat(approve().verdict()).as("the larger figure is recorded now").isEqualTo(Verdict.GOOD);
    mended();
  }

  @Test
  void approval_ofALoss_isNotGood_forASourceThatIsEmpty() throws Exception {
    lose(84);
    held(Kind.LOST, Verdict.FAILED);
    TargetChecks.delete(source);
    Files.createDirectory(source);

    assertThat(first(approve()).hold(Kind.EMPTY)).isPresent();
    assertThat(mirror()).hasSize(200);
  }

  @Test
  void approval_staysToBeGiven_whenTheRunThatHadItDied() throws Exception {
    lose(84);
    held(Kind.LOST, Verdict.FAILED);
    seconds += 40;
    fixture.ahead(Duration.ofSeconds(seconds));
    FaultyPosix dying = FaultyPosix.ofSystem();
    fixture.with(dying).with(Deaths.beforeCommit(dying, 2)).approves(source);
    assertThatThrownBy(() -> fixture.run(source, other)).isInstanceOf(CrashError.class);
    dying.endProcess();
    fixture.with(Posix.ofSystem()).with(org.deferredsync.catalogue.CommitHook.NONE).approves();

    assertThat(approve().verdict()).isEqualTo(Verdict.GOOD);
    mended();
  }

  @Test
  void run_countsADirectory_thatBecameALink_withAllThatWasInIt() throws Exception {
    Path away = scratch.resolve("away");
    Files.createDirectories(source.resolve("big"));
    for (int i = 0; i < 200; i++) {
      write(source, "big/f" + i, "x");
    }
    run();
    Files.move(source.resolve("big"), away);
    Files.createSymbolicLink(source.resolve("big"), away);

    SourceReport report = held(Kind.LOST, Verdict.FAILED);

    assertThat(report.result().hold(Kind.LOST)).contains(new Hold(Kind.LOST, 201, 401));
  }

  @Test
  void run_saysWhatAnExcludeRuleTakesAway() throws Exception {
    Files.delete(source.resolve("d9/f9"));
    fixture.with(excluding("d0", "d1", "d2", "d3", "d9/f9"));

    held(Kind.LOST, Verdict.FAILED);

    assertThat(warnings().get(0))
        .contains(
            "81 of 200 entries are gone (40 %, GUARD_PERCENT is 30), 80 of them by an exclude rule");
    assertThat(approve().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(source.resolve("d0"))).doesNotExist();
  }

  private EntryFilter excluding(String... names) {
    Set<FilePath> paths =
        java.util.Arrays.stream(names)
            .map(name -> EngineFixture.filePath(source.resolve(name)))
            .collect(java.util.stream.Collectors.toSet());
    return new EntryFilter() {
      @Override
      public boolean excludes(FilePath path, boolean directory) {
        return paths.contains(path);
      }

      @Override
      public byte[] fingerprint() {
        return new byte[] {1};
      }
    };
  }

  @Test
  void retention_takesNothing_whileTheSourceIsHeld() throws Exception {
    fixture.with(new Retention(1, 1));
    write(source, "d0/f0", "another");
    run();
    lose(84);
    for (int day = 1; day <= 5; day++) {
      seconds += 86_400;
      assertThat(first(run()).state()).isEqualTo(SourceState.HELD);
    }
    assertThat(TargetChecks.snapshots(fixture)).contains(1L, 2L);
    seconds += 86_400;
    approve();
    assertThat(TargetChecks.restored(fixture, 8)).hasSize(116);
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(reader.catalogue().runs().list().get(0).sources())
          .filteredOn(of -> of.source().equals(EngineFixture.filePath(source)))
          .allMatch(RunSource::expired);
    }
  }

  // --- no false alarm --------------------------------------------------------------------------

  @Test
  void run_isNotAlarmed_byANewSource_orOneThatIsWiderOrNarrower() throws Exception {
    Path inner = source.resolve("d0");
    seconds += 40;
    fixture.ahead(Duration.ofSeconds(seconds));
    BackupReport narrower = fixture.run(inner, other);
    assertThat(narrower.verdict()).isEqualTo(Verdict.GOOD);
    Files.delete(source.resolve("d0/f0"));
    seconds += 40;
    fixture.ahead(Duration.ofSeconds(seconds));
    assertThat(fixture.run(inner, other).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(run().verdict()).as("wider again").isEqualTo(Verdict.GOOD);
    mended();
  }

  @Test
  void run_judgesAWiderSource_byWhatTheNarrowerHad() throws Exception {
    lose(84);
    Path above = scratch.resolve("above");
    Files.createDirectory(above);
    EngineFixture wide = new EngineFixture(Files.createDirectory(scratch.resolve("wide")));
    wide.with(Guard.USUAL);
    Path inner = Files.createDirectories(above.resolve("inner"));
    for (int i = 0; i < 200; i++) {
      write(inner, "f" + i, "x");
    }
    wide.run(inner);
    for (int i = 0; i < 100; i++) {
      Files.delete(inner.resolve("f" + i));
    }
    wide.ahead(Duration.ofSeconds(40));

    assertThat(first(wide.run(above)).hold(Kind.LOST)).isPresent();
  }

  @Test
  void run_isNotAlarmed_byARenamedDirectory() throws Exception {
    Path big = Files.createDirectory(source.resolve("big"));
    for (int i = 0; i < 300; i++) {
      write(big, "f" + i, "x");
    }
    run();
    Files.move(big, source.resolve("BIG"));
    mended();
  }

  /** It may be a wrong path: what is approved is recorded of nothing. */
  @Test
  void approval_ofASource_thatNoRunHasSeen_isToldToChangeNothing() throws Exception {
    Path unseen = Files.createDirectory(scratch.resolve("unseen"));
    fixture.approves(unseen);

    assertThat(fixture.run(unseen).verdict()).isEqualTo(Verdict.GOOD);

    assertThat(warnings())
        .anyMatch(line -> line.contains(unseen + ": --approve changes nothing, the last run"));
  }

  /** A source around it that knows of it does not take over what it had. */
  @Test
  void snapshot_showsAHeldSource_asItWas_insideOneThatWentOn() throws Exception {
    Path outer = Files.createDirectories(scratch.resolve("outer"));
    Path inner = outer.resolve("inner");
    write(inner, "file", "of the inner one");
    write(outer, "beside/file", "of the outer one");
    List<Source> sources =
        List.of(
            new Source(EngineFixture.filePath(outer), excluding(inner.toString())),
            new Source(EngineFixture.filePath(inner), EntryFilter.NONE));
    fixture.ahead(Duration.ofSeconds(80));
    assertThat(fixture.run(sources).verdict()).isEqualTo(Verdict.GOOD);
    Map<String, String> whole = TreeText.of(outer);
    Map<String, String> before = TreeText.of(inner);
    TargetChecks.delete(inner);
    fixture.ahead(Duration.ofMinutes(2));
    assertThat(fixture.run(sources).verdict()).isNotEqualTo(Verdict.GOOD);

    assertThat(TargetChecks.restored(fixture, 3, inner)).isEqualTo(before);
    assertThat(TargetChecks.restored(fixture, 3, outer).keySet()).isEqualTo(whole.keySet());
  }
}
