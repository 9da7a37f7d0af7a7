package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies between sources that come and go: their parents, and what takes their places. */
final class ScaffoldingTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private int runs;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  @Test
  void run_keepsTheHistoryOfANarrowSource_whenALinkTookThePlaceOfItsParent() throws Exception {
    Path data = source.resolve("x/y/data");
    write("x/y/data/d/f", "1");
    write("x/y/data/g", "2");
    assertThat(run(data).verdict()).isEqualTo(Verdict.GOOD);
    Map<String, String> first = TreeText.of(data);
    Shell.run("rm", "-r", source.resolve("x").toString());
    Files.createSymbolicLink(source.resolve("x"), Path.of("/elsewhere"));
    write("other", "o");

    BackupReport report = run(source);

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    assertThat(TargetChecks.verify(fixture).unknown()).isZero();
    assertThat(TargetChecks.restored(fixture, 1, data)).isEqualTo(first);
    assertThat(run(source).verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_makesWayForANarrowSource_whereTheWiderOneHadALinkOrAFile() throws Exception {
    Files.createSymbolicLink(source.resolve("x"), Path.of("/elsewhere"));
    write("y", "a file");
    write("other", "o");
    run(source);
    Map<String, String> first = TreeText.of(source);
    Files.delete(source.resolve("x"));
    Files.delete(source.resolve("y"));
    write("x/data/f", "1");
    write("y/deep/data/f", "2");

    Path one = source.resolve("x/data");
    Path two = source.resolve("y/deep/data");
    BackupReport report = run(one, two);

    assertThat(report.sources())
        .extracting(each -> each.result().state())
        .containsExactly(SourceState.COMPLETE, SourceState.COMPLETE);
    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(one))).isEqualTo(TreeText.of(one));
    assertThat(TreeText.of(fixture.mirror(two))).isEqualTo(TreeText.of(two));
    assertThat(TargetChecks.restored(fixture, 1, source)).isEqualTo(first);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  void run_keepsWhatLiesInAnEmptyDirectoryOfTheMirror_whenThatBecomesAFile() throws Exception {
    Files.createDirectories(source.resolve("d/empty"));
    write("o", "o");
    run(source);
    Files.writeString(fixture.mirror(source).resolve("d/empty/note"), "by hand");
    Shell.run("rm", "-r", source.resolve("d").toString());
    write("d", "a file now");

    assertThat(run(source).verdict()).isEqualTo(Verdict.FAILED); // something unknown was kept

    assertThat(fixture.mirror(source).resolve("d")).hasContent("a file now");
    try (var files = Files.walk(fixture.target)) {
      assertThat(files.filter(path -> path.endsWith("empty/note"))).hasSize(1);
    }
    assertThat(run(source).verdict()).isEqualTo(Verdict.GOOD);
  }

  /** Leaves out every directory that is called {@code in}. */
  private static final EntryFilter NO_INNER =
      new EntryFilter() {
        @Override
        public boolean excludes(FilePath path, boolean directory) {
          return directory && path.toString().endsWith("/in");
        }

        @Override
        public byte[] fingerprint() {
          return "no in".getBytes(StandardCharsets.US_ASCII);
        }
      };

  private static Source source(Path path, EntryFilter filter) {
    return new Source(EngineFixture.filePath(path), filter, Omissions.NONE, Source.Own.NOTHING);
  }

  /** The mirror of a source is no other's to move away, whatever took the place of a parent. */
  @Test
  @Tag("rule-19")
  void run_leavesTheMirrorOfAnotherSource_whereAParentOfItBecameAFile() throws Exception {
    List<String> inner = List.of("row/in", "row-linked/in", "new/in", "new-linked/in");
    for (String name : inner) {
      write(name + "/file", "of " + name);
    }
    List<Path> paths = inner.stream().map(source::resolve).toList();
    assertThat(run(paths.get(2), paths.get(3)).verdict()).isEqualTo(Verdict.GOOD);
    List<Source> all = new ArrayList<>();
    all.add(source(source, NO_INNER));
    paths.forEach(path -> all.add(source(path, EntryFilter.NONE)));
    for (String name : List.of("new", "new-linked")) {
      becomesAFile(name);
    }
    BackupReport report = run(all);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    for (String name : List.of("row", "row-linked")) {
      becomesAFile(name);
    }

    try (LogCapture log = new LogCapture("incremental_backup")) {
      report = run(all);

      for (String name : List.of("row", "row-linked", "new", "new-linked")) {
        assertThat(log.lines())
            .filteredOn(line -> line.contains(source.resolve(name) + ": "))
            .singleElement()
            .asString()
            .contains("another source lay below it");
      }
    }
    assertThat(report.sources())
        .extracting(each -> each.result().state())
        .containsExactly(
            SourceState.PARTIAL,
            SourceState.HELD,
            SourceState.HELD,
            SourceState.HELD,
            SourceState.HELD);
    for (String name : inner) {
      assertThat(fixture.mirror(source.resolve(name + "/file"))).hasContent("of " + name);
    }
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  @Tag("settled-3")
  void run_begins_withASourceAndOneInIt_thatARuleLeavesOut_inAnyOrder() throws Exception {
    write("x/in/deep/file", "i");
    write("x/file", "x");
    write("y/file", "y");
    Source outer = source(source, NO_INNER);
    Source inner = source(source.resolve("x/in"), EntryFilter.NONE);
    for (List<Source> order : List.of(List.of(outer, inner), List.of(inner, outer))) {
      TargetChecks.delete(fixture.target);
      TargetChecks.delete(scratch.resolve("state"));
      Files.createDirectory(fixture.target);

      assertThat(run(order).verdict()).isEqualTo(Verdict.GOOD);

      assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
      assertThat(TargetChecks.verify(fixture).good()).isTrue();
      assertThat(run(order).verdict()).isEqualTo(Verdict.GOOD);
    }
    Files.delete(source.resolve("y/file"));
    Files.delete(source.resolve("y"));
    write("y", "a file, and then a directory with a source in it");
    assertThat(run(List.of(outer, inner)).verdict()).isEqualTo(Verdict.GOOD);
    Files.delete(source.resolve("y"));
    write("y/in/file", "i");
    Source another = source(source.resolve("y/in"), EntryFilter.NONE);

    assertThat(run(List.of(outer, inner, another)).verdict()).isEqualTo(Verdict.GOOD);

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    TargetChecks.verified(fixture, false);
  }

  @Test
  @Tag("rule-19")
  void run_leavesNamesOfAFile_toTheSourceTheyAreIn_andToNobodyWhenThatIsRetired() throws Exception {
    Path inner = source.resolve("x/in");
    write("x/in/b", "of two names");
    Files.createLink(source.resolve("a"), inner.resolve("b"));
    List<Source> both = List.of(source(source, NO_INNER), source(inner, EntryFilter.NONE));
    assertThat(run(both).verdict()).isEqualTo(Verdict.GOOD);
    Files.setPosixFilePermissions(
        source.resolve("a"), PosixFilePermissions.fromString("rw-r-----"));
    BackupReport report = run(both);
    assertThat(report.sources())
        .extracting(each -> each.result().counts().metadata())
        .as("each its own name")
        .containsExactly(1L, 1L);
    Files.setPosixFilePermissions(
        source.resolve("a"), PosixFilePermissions.fromString("rw-------"));

    assertThat(run(List.of(source(source, NO_INNER))).verdict()).isEqualTo(Verdict.GOOD);

    assertThat(PosixFilePermissions.toString(permissionsOf(inner.resolve("b"))))
        .as("as it was when its source was backed up")
        .isEqualTo("rw-r-----");
    assertThat(PosixFilePermissions.toString(permissionsOf(source.resolve("a"))))
        .isEqualTo("rw-------");
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  private Set<PosixFilePermission> permissionsOf(Path path) throws IOException {
    return Files.getPosixFilePermissions(fixture.mirror(path));
  }

  @Test
  @Tag("rule-8")
  @Tag("rule-19")
  void run_onOneFileSystem_leavesFormerSourcesBeyondIt_andTakesOverTheOthers() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Path disk = Files.createDirectories(source.resolve("deep/disk"));
    Path plain = Files.createDirectories(source.resolve("deep/plain"));
    Path gone = Files.createDirectories(source.resolve("deep/gone"));
    write("deep/plain/file", "p");
    write("deep/gone/file", "g");
    List<Source> wide =
        List.of(
            new Source(
                EngineFixture.filePath(source),
                EntryFilter.NONE,
                new Omissions(true, false, List.of(), Omissions.UNLIMITED),
                Source.Own.NOTHING));
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
    try {
      Files.writeString(disk.resolve("file"), "on a disk");
      assertThat(run(disk, plain, gone).verdict()).isEqualTo(Verdict.GOOD);
      TargetChecks.delete(gone);

      assertThat(run(wide).verdict()).isEqualTo(Verdict.GOOD);

      assertThat(fixture.mirror(disk.resolve("file"))).hasContent("on a disk");
      assertThat(fixture.mirror(plain.resolve("file"))).hasContent("p");
      assertThat(fixture.mirror(gone)).as("judged by the wider one").doesNotExist();
    } finally {
      Shell.run("umount", disk.toString());
    }
    run(wide);
    assertThat(fixture.mirror(disk.resolve("file"))).as("unmounted").hasContent("on a disk");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT, disk.toString(), Errno.EIO);
    fixture.with(posix);
    assertThat(run(wide).sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(fixture.mirror(disk.resolve("file"))).as("not to be seen").hasContent("on a disk");
    fixture.with(Posix.ofSystem());
    Files.delete(disk);
    run(wide);
    assertThat(fixture.mirror(disk.resolve("file"))).as("not there").hasContent("on a disk");
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  void run_movesAway_whatSomebodyPutWhereAParentGoes() throws Exception {
    Path above = fixture.mirror(source.resolve("x"));
    write("x/file", "of the wide source");
    run(source);
    TargetChecks.delete(above);
    Files.writeString(above, "by hand");
    Files.createDirectories(source.resolve("y/data"));
    Files.writeString(fixture.mirror(source.resolve("y")), "by hand too");

    BackupReport report =
        run(Files.createDirectories(source.resolve("x/data")), source.resolve("y/data"));

    assertThat(report.verdict()).as("something unknown was kept").isEqualTo(Verdict.FAILED);
    assertThat(fixture.mirror(source.resolve("x/data"))).isDirectory();
    assertThat(fixture.mirror(source.resolve("y/data"))).isDirectory();
    try (var files = Files.walk(fixture.target)) {
      assertThat(
              files
                  .filter(path -> path.endsWith("source/x") || path.endsWith("source/y"))
                  .filter(Files::isRegularFile))
          .hasSize(2);
    }
  }

  @Test
  void run_putsALink_whereAFormerSourceHasNoMirrorAnyMore() throws Exception {
    write("x/y/data/file", "1");
    run(source.resolve("x/y/data"));
    TargetChecks.delete(fixture.mirror(source.resolve("x")));
    TargetChecks.delete(source.resolve("x"));
    Files.createSymbolicLink(source.resolve("x"), Path.of("elsewhere"));

    assertThat(run(source).verdict()).isEqualTo(Verdict.GOOD);

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  private void becomesAFile(String name) throws IOException {
    TargetChecks.delete(source.resolve(name));
    write(name, "a file now");
    if (name.endsWith("linked")) {
      Files.createLink(source.resolve(name + "-too"), source.resolve(name));
    }
  }

  private BackupReport run(List<Source> sources) throws BackupException, IOException {
    fixture.ahead(Duration.ofSeconds(20 + 10L * runs++));
    return fixture.run(sources);
  }

  private void write(String name, String text) throws IOException {
    Path file = source.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private BackupReport run(Path... sources) throws BackupException, IOException {
    fixture.ahead(Duration.ofSeconds(20 + 10L * runs++));
    return fixture.run(sources);
  }
}
