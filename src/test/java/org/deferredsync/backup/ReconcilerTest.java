package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Rebuild.Report;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Entries;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.slf4j.LoggerFactory;

/** A catalogue that is made again where the manifests of some runs are lost. */
@EnabledOnOs(OS.LINUX)
final class ReconcilerTest extends SuccessiveRuns {
  private Path own(String name) {
    return fixture.target.resolve(Target.OWN).resolve(name);
  }

  /** The catalogue goes, and of each of these runs every manifest. */
  private Report rebuildWithout(Set<Long> lost) throws Exception {
    try (Stream<Path> files = Files.list(own("manifests"))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (lost.stream().anyMatch(run -> name.endsWith("-run-" + run + ".gz"))) {
          Files.delete(file);
        }
      }
    }
    return rebuild();
  }

  private Report rebuild() throws Exception {
    for (String name : Set.of("catalogue.db", "catalogue.db-wal", "catalogue.db-shm")) {
      Files.deleteIfExists(own(name));
    }
    return new Rebuild(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            Set.of(EngineFixture.filePath(source)),
            LoggerFactory.getLogger("rebuild"))
        .run(false);
  }

  /** Nothing has changed and nothing is missed; what it looks at again it may not copy. */
  private void nextRunCopiesNothing() throws Exception {
    BackupReport report = runAnyway();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    assertThat(report.sources().get(0).result().counts().copiedBytes()).isZero();
    Verifier.Result verified = TargetChecks.verify(fixture);
    assertThat(verified.good()).as("verify: %s", verified).isTrue();
    assertThat(verified.unknown()).isZero();
  }

  /** Without what only got another time, as directories do: that leaves nothing in an increment. */
  private static Map<String, String> files(Map<String, String> tree, String... touched) {
    Map<String, String> files = new TreeMap<>(tree);
    files.values().removeIf(line -> line.startsWith("4"));
    files.keySet().removeAll(Set.of(touched));
    return files;
  }

  @Test
  void rebuild_restoresTheRunsAroundALostOne() throws Exception {
    write("changes-once", "1");
    write("changes-each-time", "one");
    write("touched", "the same bytes");
    write("gone", "gone in the second run");
    write("goes-later", "gone in the third run");
    write("becomes-a-directory", "a file");
    write("tree/file", "in a tree");
    Files.createSymbolicLink(source.resolve("link"), Path.of("here"));
    Shell.run("mkfifo", source.resolve("pipe").toString());
    Shell.run("mkfifo", source.resolve("pipe-that-goes").toString());
    run();
    write("changes-once", "22");
    write("changes-each-time", "two, and longer");
    Files.setLastModifiedTime(source.resolve("touched"), FileTime.fromMillis(1));
    Files.delete(source.resolve("gone"));
    Files.delete(source.resolve("becomes-a-directory"));
    write("becomes-a-directory/file", "in it");
    Files.delete(source.resolve("link"));
    Files.createSymbolicLink(source.resolve("link"), Path.of("there"));
    TargetChecks.delete(source.resolve("tree"));
    Files.delete(source.resolve("pipe-that-goes"));
    write("new", "of the second run");
    run();
    write("changes-each-time", "three, and longer still");
    Files.delete(source.resolve("goes-later"));
    run();

    Report report = rebuildWithout(Set.of(2L));

    assertThat(report.exact()).isFalse();
    // Since when it is there, nothing tells: rather too much is restored than too little.
    Map<String, String> first = TargetChecks.restored(fixture, 1);
    assertThat(first.remove("new")).isEqualTo(model(2).get("new"));
    assertThat(first).isEqualTo(model(1));
    assertThat(TargetChecks.restored(fixture, 2)).containsAllEntriesOf(files(model(2), "touched"));
    assertThat(TargetChecks.restored(fixture, 3)).containsAllEntriesOf(files(model(3), "touched"));
    nextRunCopiesNothing();
  }

  @Test
  void rebuild_findsWhatOnlyLostRunsHad_betweenThoseThatAreKnown() throws Exception {
    write("stays", "s");
    write("changes", "1");
    write("same-size", "aaaa");
    write("other-type/file", "in a directory");
    write("shared", "of two names");
    ChangingTree.link(source, "shared-too", "shared");
    run();
    write("changes", "22");
    write("same-size", "bbbb");
    write("short-lived", "1");
    TargetChecks.delete(source.resolve("other-type"));
    write("other-type", "a file now");
    Shell.run("mkfifo", source.resolve("pipe").toString());
    ChangingTree.link(source, "pipe-too", "pipe");
    Shell.run("mkfifo", source.resolve("late-pipe").toString());
    Shell.run("mkfifo", source.resolve("two-pipes").toString());
    ChangingTree.link(source, "two-pipes-too", "two-pipes");
    write("pair", "comes and goes");
    ChangingTree.link(source, "pair-too", "pair");
    Files.delete(source.resolve("shared-too"));
    run();
    write("changes", "333");
    write("same-size", "cccc");
    write("short-lived", "22");
    for (String name : Set.of("pipe", "pipe-too", "pair", "pair-too")) {
      Files.delete(source.resolve(name));
    }
    run();
    write("changes", "4444");
    write("short-lived", "333");
    Files.delete(source.resolve("late-pipe"));
    run();

    assertThat(rebuildWithout(Set.of(2L, 3L)).exact()).isFalse();

    // Of names of one file that go together the increment has one.
    String[] nameless = {"pair", "pair-too", "pipe", "shared", "shared-too"};
    for (long run = 1; run <= 3; run++) {
      assertThat(TargetChecks.restored(fixture, run))
          .as("run %d", run)
          .containsAllEntriesOf(files(model(run), nameless));
    }
    assertThat(TargetChecks.restored(fixture, 4)).containsAllEntriesOf(model(4));
    nextRunCopiesNothing();
    assertThat(rebuild().exact()).as("what was found is written down").isTrue();
    assertThat(TargetChecks.restored(fixture, 2)).containsAllEntriesOf(files(model(2), nameless));
  }

  @Test
  void rebuild_believesNothing_thatWasPutIntoTargetByHand() throws Exception {
    write("changes", "1");
    write("edited", "of the first run");
    write("tree/file", "f");
    run();
    write("changes", "22");
    write("edited", "of the second run");
    run();
    write("changes", "333");
    run();
    Files.writeString(fixture.mirror(source.resolve("by-hand")), "known to be unknown");
    write("by-hand", "in the source");
    assertThat(runAnyway().verdict()).isEqualTo(Verdict.FAILED);
    List<Path> increments = increments();
    String inside = source.toString().substring(1);
    Files.writeString(increments.get(0).resolve(inside).resolve("edited"), "of nobody, longer");
    Shell.run("rm", "-r", increments.get(1).toString());
    TargetChecks.delete(fixture.mirror(source.resolve("tree")));

    assertThat(rebuildWithout(Set.of(2L)).exact()).isFalse();

    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Contents contents = reader.catalogue().contents();
      FilePath edited = EngineFixture.filePath(source.resolve("edited"));
      FilePath byHand = EngineFixture.filePath(source.resolve("by-hand"));
      assertThat(contents.heldIn(2, edited)).contains(new Contents.Held(null, true));
      assertThat(contents.heldIn(4, byHand)).contains(new Contents.Held(null, true));
    }
    assertThat(increments.get(0).resolve(inside).resolve("edited")).hasContent("of nobody, longer");
    run();
    assertThat(TargetChecks.restored(fixture, runs)).isEqualTo(model(runs));
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names
          .filter(name -> name.getFileName().toString().startsWith("_backup_"))
          .sorted()
          .toList();
    }
  }

  @Test
  void rebuild_isCutShort_whereAnIncrementOrTheMirrorCannotBeRead() throws Exception {
    write("d/file", "1");
    run();
    write("d/file", "22");
    run();
    Path increment = increments().get(0);
    for (Path unread : List.of(increment, fixture.mirror(source.resolve("d")))) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failOn(Call.OPEN_DIRECTORY, unread.toString(), Errno.EIO);
      fixture.with(posix);
      assertThatThrownBy(() -> rebuildWithout(Set.of(1L)))
          .hasMessageContaining("input/output error");
      assertThat(posix.openObjects()).isEmpty();
      assertThat(own("catalogue.db")).doesNotExist();
    }
    fixture.with(Posix.ofSystem());
    assertThat(rebuild().exact()).isFalse();
    assertThat(TargetChecks.restored(fixture, 1)).containsAllEntriesOf(files(model(1)));
  }

  @Test
  void rebuild_goesOn_whenFilesGoAwayUnderIt() throws Exception {
    write("a", "1");
    write("b", "1");
    run();
    write("a", "22");
    write("c", "c");
    run();
    String inside = source.toString().substring(1);
    Path past = increments().get(0).resolve(inside).resolve("a");
    Path current = fixture.mirror(source.resolve("c"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.STAT, past.toString(), () -> Files.delete(past));
    posix.before(Call.STAT, current.toString(), () -> Files.delete(current));
    fixture.with(posix);

    assertThat(rebuildWithout(Set.of(1L, 2L)).exact()).isFalse();

    assertThat(past).doesNotExist();
    assertThat(current).doesNotExist();
    fixture.with(Posix.ofSystem());
    run();
    TargetChecks.sound(fixture);
  }

  @Test
  void rebuild_endsWhatTheMirrorHasLost_butNotWhatMayStandInTheCatalogueAlone() throws Exception {
    Path other = Files.createDirectory(scratch.resolve("other"));
    ChangingTree.write(other, "file", "1");
    Shell.run("mkfifo", source.resolve("pipe").toString());
    write("late", "l");
    write("same-size", "aa");
    assertThat(fixture.run(source, other).verdict()).isEqualTo(Verdict.GOOD);
    write("file", "1");
    fixture.ahead(Duration.ofSeconds(30));
    assertThat(fixture.run(source, other).verdict()).isEqualTo(Verdict.GOOD);
    write("file", "22");
    fixture.ahead(Duration.ofSeconds(50));
    assertThat(fixture.run(source, other).verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.delete(fixture.mirror(other));
    Files.delete(fixture.mirror(source.resolve("pipe")));
    Files.delete(fixture.mirror(source.resolve("late")));
    Files.writeString(fixture.mirror(source.resolve("same-size")), "bb");

    assertThat(rebuildWithout(Set.of(2L)).exact()).isFalse();

    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Entries entries = reader.catalogue().entries();
      assertThat(entries.find(EngineFixture.filePath(source.resolve("pipe")))).isPresent();
      assertThat(entries.find(EngineFixture.filePath(source.resolve("late")))).isEmpty();
      assertThat(entries.find(EngineFixture.filePath(other))).isEmpty();
    }
    fixture.ahead(Duration.ofSeconds(70));
    fixture.run(source, other);
    assertThat(fixture.mirror(other.resolve("file"))).hasContent("1");
    assertThat(fixture.mirror(source.resolve("late"))).hasContent("l");
    assertThat(fixture.mirror(source.resolve("same-size"))).hasContent("aa");
  }

  @Test
  void rebuild_ofTheWholeFileSystem_takesNothingOfItsOwnForFiles() throws Exception {
    FilePath wanted = EngineFixture.filePath(source);
    fixture.with(
        new EntryFilter() {
          @Override
          public boolean excludes(FilePath path, boolean directory) {
            return !path.contains(wanted) && !wanted.contains(path);
          }

          @Override
          public byte[] fingerprint() {
            return new byte[] {1};
          }
        });
    write("file", "1");
    assertThat(fixture.run(Path.of("/")).verdict()).isEqualTo(Verdict.GOOD);
    write("file", "22");
    fixture.ahead(Duration.ofSeconds(30));
    assertThat(fixture.run(Path.of("/")).verdict()).isEqualTo(Verdict.GOOD);

    assertThat(rebuildWithout(Set.of(1L, 2L)).exact()).isFalse();

    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Catalogue catalogue = reader.catalogue();
      assertThat(catalogue.entries().find(FilePath.ROOT.child(Target.OWN_NAME))).isEmpty();
      assertThat(catalogue.entries().find(wanted.child(bytes("file")))).isPresent();
    }
    assertThat(TargetChecks.restored(fixture, 1, source.resolve("file"))).isNotEmpty();
  }

  private static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }
}
