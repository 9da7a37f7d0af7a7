package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Sequences of events that once lost a version, told a false state, or left the target stuck. */
final class SequenceTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path source;
  private int restores;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  @Test
  @Tag("rule-3")
  void run_goesOn_whenADirectoryBecameAFileAndTheProcessDiedAfterPublishing() throws Exception {
    write("d/x", "x");
    write("k", "k");
    run();
    remove(source.resolve("d"));
    write("d", "now a file");
    assertThat(fixture.diesBeforeCommit(4)).isTrue();
    assertThat(fixture.mirror(source.resolve("d"))).isRegularFile();

    isAsTheSource(run());
  }

  @Test
  @Tag("rule-3")
  void run_makesNoRemovedDirectoryAgain_whenItsRemovalIsReplayed() throws Exception {
    write("d/e/x", "x");
    write("k", "k");
    run();
    remove(source.resolve("d"));
    assertThat(fixture.diesBeforeCommit(3)).isTrue();

    isAsTheSource(run());
  }

  @Test
  @Tag("rule-14")
  @Tag("rule-19")
  void run_takesOverAllBelow_whenASourceBecomesWiderByTwoLevels() throws Exception {
    write("b/c/x", "x");
    write("z", "z");
    run(source.resolve("b/c"));

    isAsTheSource(run());
    write("b/c/x", "longer");
    write("b/c/new", "n");
    later();
    isAsTheSource(run());
    restoresTo("latest", source);
  }

  @Test
  void run_storesWhatLaysBesideANarrowSource_whenItBecomesWider() throws Exception {
    write("b/c/x", "x");
    write("d/z", "z");
    write("b/other/y", "y");
    run(source.resolve("b/c"), source.resolve("d"));

    isAsTheSource(run());
    restoresTo("latest", source);
  }

  @Test
  void run_keepsTheMirrorOfAMissingSource_inAnotherThatLeavesItOut() throws Exception {
    Path inner = source.resolve("in");
    write("in/x", "1");
    write("o", "o");
    runApart(source, inner, inner);
    Files.move(inner, scratch.resolve("away"));
    write("o", "oo");

    BackupReport report = runApart(source, inner, inner);

    assertThat(report.sources())
        .extracting(each -> each.result().state())
        .containsExactly(SourceState.COMPLETE, SourceState.HELD);
    assertThat(fixture.mirror(inner).resolve("x")).hasContent("1");
    Files.move(scratch.resolve("away"), inner);
    assertThat(runApart(source, inner, inner).verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_acceptsTheInnerSourceFirst_whenTheOuterLeavesItOut() throws Exception {
    Path inner = source.resolve("in");
    write("in/x", "1");
    write("o", "o");

    assertThat(runApart(inner, source, inner).verdict()).isEqualTo(Verdict.GOOD);
    later();
    assertThat(runApart(inner, source, inner).verdict()).isEqualTo(Verdict.GOOD);
    isMirrored();
  }

  @Test
  @Tag("rule-19")
  void prune_keepsWhatTheSnapshotsOfAFormerWiderSourceShow() throws Exception {
    fixture.with(new Retention(10, 1));
    Path narrow = source.resolve("c");
    write("c/x", "1");
    write("c/gone", "1");
    runAfterDays(1, source);
    write("c/x", "22");
    Files.delete(source.resolve("c/gone"));
    runAfterDays(2, source);
    write("c/x", "333");
    runAfterDays(3, narrow);
    write("c/x", "4444");
    runAfterDays(4, narrow);
    write("c/x", "55555");
    runAfterDays(20, narrow);

    assertThat(restored("1", source).resolve("c/gone")).hasContent("1");
    assertThat(restored("2", source).resolve("c/x")).hasContent("22");
    assertThat(restored("5", narrow).resolve("x")).hasContent("55555");
    assertThat(verify().good()).isTrue();
  }

  @Test
  void run_makesAMirrorDirectoryAgain_whenSomebodyRemovedIt() throws Exception {
    write("d/x", "x");
    run();
    remove(fixture.mirror(source.resolve("d")));
    Files.setPosixFilePermissions(
        source.resolve("d"), PosixFilePermissions.fromString("rwx------"));

    run();

    assertThat(fixture.mirror(source.resolve("d"))).isDirectory();
    assertThat(verify().missing()).isEqualTo(1);
  }

  @Test
  void run_followsNoLink_thatSomebodyPutInPlaceOfAMirrorDirectory() throws Exception {
    write("d/x", "x");
    run();
    Path mirrored = fixture.mirror(source.resolve("d"));
    Files.move(mirrored, scratch.resolve("elsewhere"));
    Files.createSymbolicLink(mirrored, scratch.resolve("elsewhere"));
    write("d/x", "xx");

    assertThat(run().verdict()).isEqualTo(Verdict.FAILED);

    isMirrored();
    assertThat(scratch.resolve("elsewhere/x")).hasContent("x");
    later();
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
    isMirrored();
    assertThat(verify().missing()).as("the version that was taken away").isEqualTo(1);
  }

  @Test
  void run_removesATree_whereSomebodyPutALinkInPlaceOfAMirrorDirectory() throws Exception {
    write("p/d/x", "x");
    write("k", "k");
    run();
    Path mirrored = fixture.mirror(source.resolve("p/d"));
    Files.move(mirrored, scratch.resolve("elsewhere"));
    Files.createSymbolicLink(mirrored, scratch.resolve("elsewhere"));
    remove(source.resolve("p"));

    run();

    isMirrored();
    assertThat(scratch.resolve("elsewhere/x")).hasContent("x");
    later();
    assertThat(run().verdict()).isEqualTo(Verdict.GOOD);
    isMirrored();
    assertThat(verify().missing()).as("the version that was taken away").isEqualTo(1);
  }

  @Test
  void run_storesTheRootsMode_whenItChangedAfterTheSourceWasOpened() throws Exception {
    write("x", "x");
    run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        FaultyPosix.Call.LIST,
        source.toString(),
        () -> Files.setPosixFilePermissions(source, PosixFilePermissions.fromString("rwx------")));
    fixture.with(posix);
    run();
    fixture.with(Posix.ofSystem());
    fixture.ahead(Duration.ofSeconds(60));

    isAsTheSource(run());
  }

  @Test
  void run_goesOn_whenTheGenerationWasNeverWritten() throws Exception {
    write("x", "x");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(FaultyPosix.Call.WRITE, "generation", Errno.ENOSPC);
    fixture.with(posix);
    assertThatThrownBy(this::run).hasMessageContaining("no space left");
    fixture.with(Posix.ofSystem());

    isAsTheSource(run());
  }

  @Test
  void run_goesOn_whenItDiedTwiceBeforeTheGenerationWasWritten() throws Exception {
    write("x", "x");
    run();
    fixture.ahead(Duration.ofSeconds(20));
    for (int i = 0; i < 2; i++) {
      touchChangeTime(source.resolve("x"));
      assertThat(fixture.diesAfterCommit(2)).isTrue();
    }

    isAsTheSource(run());
  }

  @Test
  void run_knowsItsOwnFile_whenTheTargetCannotKeepItsTime() throws Exception {
    write("x", "x");
    Path file = source.resolve("x");
    run();
    Files.setLastModifiedTime(
        fixture.mirror(file), FileTime.from(Instant.parse("2001-01-01T00:00:00Z")));
    write("x", "xx");

    isAsTheSource(run());
    assertThat(restored("1", source).resolve("x")).hasContent("x");
  }

  @Test
  void prune_followsNoLink_thatSomebodyPutInPlaceOfAnIncrement() throws Exception {
    fixture.with(new Retention(10, 1));
    write("x", "1");
    runAfterDays(1, source);
    write("x", "22");
    runAfterDays(2, source);
    Path increment = increment();
    Files.move(increment, scratch.resolve("elsewhere"));
    Files.createSymbolicLink(increment, scratch.resolve("elsewhere"));
    Path kept = scratch.resolve("elsewhere" + source + "/x");

    runAfterDays(20, source);

    assertThat(kept).hasContent("1");
    runAfterDays(21, source);
  }

  private void write(String name, String text) throws IOException {
    Path file = source.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void remove(Path top) throws IOException {
    try (var paths = Files.walk(top)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static void touchChangeTime(Path file) throws IOException {
    Files.setPosixFilePermissions(file, Files.getPosixFilePermissions(file));
  }

  private void later() {
    fixture.ahead(Duration.ofSeconds(30));
  }

  private BackupReport run(Path... sources) throws BackupException, IOException {
    return sources.length == 0 ? fixture.run() : fixture.run(sources);
  }

  private void runAfterDays(int days, Path of) throws Exception {
    fixture.ahead(Duration.ofDays(days));
    assertThat(fixture.run(of).verdict()).isEqualTo(Verdict.GOOD);
  }

  /** Leaves the inner source out of the outer one, and nothing out of the inner one itself. */
  private BackupReport runApart(Path first, Path second, Path inner) throws Exception {
    FilePath out = EngineFixture.filePath(inner);
    EntryFilter outer =
        new EntryFilter() {
          @Override
          public boolean excludes(FilePath path, boolean directory) {
            return path.equals(out);
          }

          @Override
          public byte[] fingerprint() {
            return new byte[] {1};
          }
        };
    return fixture.run(
        List.of(
            new Source(
                EngineFixture.filePath(first), first.equals(inner) ? EntryFilter.NONE : outer),
            new Source(
                EngineFixture.filePath(second), second.equals(inner) ? EntryFilter.NONE : outer)));
  }

  private void isMirrored() throws IOException {
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  private void isAsTheSource(BackupReport report) throws Exception {
    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    isMirrored();
    Verifier.Result result = verify();
    assertThat(result.good()).isTrue();
    assertThat(result.unknown()).isZero();
  }

  private Verifier.Result verify() throws Exception {
    try (TargetReader reader = open()) {
      return new Verifier(reader, Clock.systemUTC(), LoggerFactory.getLogger("verify")).verify();
    }
  }

  private void restoresTo(String at, Path path) throws Exception {
    assertThat(TreeText.of(restored(at, path))).isEqualTo(TreeText.of(path));
  }

  private Path restored(String at, Path path) throws Exception {
    Path to = scratch.resolve("restored-" + ++restores);
    try (TargetReader reader = open()) {
      Snapshot snapshot =
          reader
              .snapshots()
              .at(PointInTime.parse(at), Instant.now().plus(Duration.ofDays(400)), ZoneOffset.UTC);
      Restorer.Result result =
          new Restorer(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("restore"))
              .restore(List.of(EngineFixture.filePath(path)), EngineFixture.filePath(to));
      assertThat(result.failed()).isZero();
    }
    return to.resolve(path.getFileName());
  }

  private TargetReader open() throws BackupException, IOException {
    return TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target));
  }

  private Path increment() throws IOException {
    try (var names = Files.list(fixture.target)) {
      return names
          .filter(name -> name.getFileName().toString().startsWith("_backup_"))
          .findFirst()
          .orElseThrow();
    }
  }
}
