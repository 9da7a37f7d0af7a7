package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Files brought back to where they were: what was there is kept, whatever it is. */
final class InPlaceTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
  }

  private void shell(String script) throws Exception {
    Shell.run("/bin/sh", "-ec", "cd \"$1\"; " + script, "sh", fixture.source.toString());
  }

  private Restorer.Result restore(Path... paths) throws Exception {
    return inPlace(true, Watcher.NONE, paths);
  }

  private Restorer.Result inPlace(boolean change, Watcher watcher, Path... paths) throws Exception {
    List<FilePath> list = Arrays.stream(paths).map(EngineFixture::filePath).toList();
    try (TargetReader reader =
        TargetReader.openUnchanged(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
      Restorer restorer =
          new Restorer(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("restore"));
      return change
          ? restorer.restoreInPlace(list, watcher)
          : restorer.previewInPlace(list, watcher);
    }
  }

  private static Object inode(Path path) throws Exception {
    return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /** How to make each type of object at a name, in the shell. */
  private static Map<String, String> types() {
    Map<String, String> types = new LinkedHashMap<>();
    types.put("none", ":");
    types.put("file", "echo file >");
    types.put("other", "echo other >");
    types.put("directory", "sub() { mkdir \"$1\"; echo in >\"$1/in\"; mkdir \"$1/deep\"; }; sub ");
    types.put("link", "ln -s somewhere ");
    types.put("fifo", "mkfifo ");
    return types;
  }

  @Test
  void restore_givesBackEveryType_fromEveryOther_andKeepsWhatWasThere() throws Exception {
    StringBuilder then = new StringBuilder();
    StringBuilder now = new StringBuilder("rm -r *\n");
    types()
        .forEach(
            (was, make) ->
                types()
                    .forEach(
                        (is, makeNow) -> {
                          String name = was + "-" + is;
                          then.append(make).append(was.equals("none") ? "" : name).append('\n');
                          now.append(makeNow).append(is.equals("none") ? "" : name).append('\n');
                        }));
    shell(then.toString());
    fixture.run();
    Map<String, String> wanted = TreeText.of(fixture.source);
    shell(now.toString());
    Map<String, String> changed = TreeText.of(fixture.source);

    List<String> told = new ArrayList<>();
    Map<String, String> everything = TreeText.of(scratch);
    Restorer.Result preview =
        inPlace(false, change -> told.add(change.action() + " " + change.path()), fixture.source);
    assertThat(TreeText.of(scratch)).as("a dry run").isEqualTo(everything);

    List<String> happened = new ArrayList<>();
    Restorer.Result result =
        inPlace(
            true, change -> happened.add(change.action() + " " + change.path()), fixture.source);

    assertThat(result.failed()).isZero();
    assertThat(TreeText.of(fixture.source)).isEqualTo(wanted);
    assertThat(happened).containsExactlyInAnyOrderElementsOf(told);
    assertThat(List.of(result.files(), result.directories(), result.aside(), result.same()))
        .isEqualTo(
            List.of(preview.files(), preview.directories(), preview.aside(), preview.same()));
    Path kept = Path.of(result.asides().get(0).toString());
    assertThat(result.asides()).hasSize(1);
    assertThat(kept.getParent()).isEqualTo(scratch);
    assertThat(kept.getFileName().toString()).matches("\\.deferred-sync-aside-\\d{8}T\\d{6}Z");
    assertThat(Files.getPosixFilePermissions(kept)).hasSize(3);
    Map<String, String> old = TreeText.of(kept.resolve("source"));
    changed.forEach(
        (name, line) -> {
          boolean stays = name.equals(".") || name.startsWith("directory-directory");
          assertThat(stays ? line : old.get(name)).as(name).isEqualTo(line);
        });

    Restorer.Result again = restore(fixture.source);
    assertThat(again.files() + again.directories() + again.aside()).isZero();
    assertThat(again.asides()).isEmpty();
    assertThat(kept.resolveSibling(kept.getFileName())).exists();
    assertThat(TreeText.of(fixture.source)).isEqualTo(wanted);
  }

  @Test
  void preview_tellsOfALink_whereTheFirstNameIsYetToBeMade() throws Exception {
    shell("mkdir d; echo linked >d/one; ln d/one d/two; ln -s to d/three; ln d/three d/four");
    fixture.run();
    for (String gone : List.of("rm -r d", "rm d/*; echo other >d/one; echo another >d/two")) {
      shell(gone);
      Restorer.Result preview = inPlace(false, Watcher.NONE, fixture.source);
      Restorer.Result result = restore(fixture.source);

      assertThat(List.of(preview.files(), preview.links(), preview.bytes(), preview.aside()))
          .as(gone)
          .isEqualTo(List.of(result.files(), result.links(), result.bytes(), result.aside()));
      assertThat(result.links()).isEqualTo(2);
    }
  }

  @Test
  void restore_leavesWhatIsEqual_asItIs() throws Exception {
    ChangingTree.make(fixture.source);
    fixture.run();
    Object inode = inode(fixture.source.resolve("content"));
    Map<String, String> before = TreeText.of(scratch);
    Restorer.Result result = restore(fixture.source);
    assertThat(result.files() + result.aside() + result.failed() + result.directories()).isZero();
    assertThat(result.same())
        .isEqualTo(before.keySet().stream().filter(n -> n.startsWith("source")).count());
    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(inode(fixture.source.resolve("content"))).isEqualTo(inode);
  }

  @Test
  void restore_findsChangedBytes_underTheSameSizeAndTime() throws Exception {
    shell("echo one >f; touch -d 2020-01-02 f");
    fixture.run();
    shell("echo two >f; touch -d 2020-01-02 f");
    Restorer.Result result = restore(fixture.source.resolve("f"));
    assertThat(fixture.source.resolve("f")).hasContent("one");
    assertThat(Path.of(result.asides().get(0).toString()).resolve("f")).hasContent("two");
    assertThat(result.asides().get(0).parent()).isEqualTo(EngineFixture.filePath(fixture.source));
  }

  @Test
  void restore_ofADirectory_leavesItsNeighbours() throws Exception {
    shell("mkdir d n; echo 1 >d/f; echo 1 >n/f");
    fixture.run();
    shell("echo 2 >d/f; echo 2 >n/f; echo new >d/new; echo new >n/new");
    Restorer.Result result = restore(fixture.source.resolve("d"));
    assertThat(fixture.source.resolve("d/f")).hasContent("1");
    assertThat(fixture.source.resolve("d/new")).doesNotExist();
    assertThat(fixture.source.resolve("n/f")).hasContent("2");
    assertThat(fixture.source.resolve("n/new")).hasContent("new");
    Path kept = Path.of(result.asides().get(0).toString());
    assertThat(kept.resolve("d/f")).hasContent("2");
    assertThat(kept.resolve("d/new")).hasContent("new");
  }

  @Test
  void restore_makesTheWay_thatIsGone() throws Exception {
    shell("mkdir -p a/b/c; echo 1 >a/b/c/f; chmod 750 a; chmod 705 a/b; touch -d 2001-02-03 a/b a");
    fixture.run();
    String a = TreeText.of(fixture.source).get("a");
    shell("rm -r a");
    Restorer.Result result = restore(fixture.source.resolve("a/b/c/f"));
    assertThat(result.failed()).isZero();
    assertThat(fixture.source.resolve("a/b/c/f")).hasContent("1");
    assertThat(TreeText.of(fixture.source).get("a")).isEqualTo(a);
    assertThat(result.asides()).isEmpty();
    TargetChecks.delete(fixture.source);
    assertThat(restore(fixture.source).failed()).isZero();
    assertThat(TreeText.of(fixture.source).get("a")).isEqualTo(a);
  }

  @Test
  void restore_takesHardLinksApart_andJoinsThem() throws Exception {
    shell("echo x >a; ln a b; echo y >c; echo z >d");
    fixture.run();
    Map<String, String> wanted = TreeText.of(fixture.source);
    shell("cp -p a t; mv t b; ln -f d e; rm c; ln d c");
    Restorer.Result result = restore(fixture.source);
    assertThat(result.failed()).isZero();
    assertThat(TreeText.of(fixture.source)).isEqualTo(wanted);
    assertThat(inode(fixture.source.resolve("a"))).isEqualTo(inode(fixture.source.resolve("b")));
    Path kept = Path.of(result.asides().get(0).toString());
    Files.writeString(kept.resolve("source/e"), "changed");
    assertThat(fixture.source.resolve("d")).hasContent("z");
  }

  @Test
  void restore_goesThroughNoLink_belowTheSource() throws Exception {
    Path elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
    shell("mkdir d; echo 1 >d/f");
    fixture.run();
    shell("rm -r d; ln -s ../elsewhere d");
    Restorer.Result file = restore(fixture.source.resolve("d/f"));
    assertThat(file.failed()).isEqualTo(1);
    assertThat(elsewhere).isEmptyDirectory();
    Restorer.Result all = restore(fixture.source);
    assertThat(all.failed()).isZero();
    assertThat(elsewhere).isEmptyDirectory();
    assertThat(fixture.source.resolve("d/f")).hasContent("1");
    assertThat(Path.of(all.asides().get(0).toString()).resolve("source/d")).isSymbolicLink();
  }

  @Test
  void restore_followsTheLinksAboveTheSource() throws Exception {
    Path real = Files.createDirectories(scratch.resolve("real/data"));
    Files.writeString(real.resolve("f"), "1");
    Path link = Files.createSymbolicLink(scratch.resolve("link"), Path.of("real"));
    fixture.run(link.resolve("data"));
    Files.writeString(real.resolve("f"), "2");
    Restorer.Result result = restore(link.resolve("data"));
    assertThat(result.failed()).isZero();
    assertThat(real.resolve("f")).hasContent("1");
    assertThat(link).isSymbolicLink();
  }

  @Test
  void restore_keepsTheOldFile_whenTheNewOneIsLost() throws Exception {
    shell("echo 1 >f");
    fixture.run();
    Files.writeString(fixture.mirror(fixture.source.resolve("f")), "?");
    shell("echo 2 >f");
    Restorer.Result result = restore(fixture.source);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(fixture.source.resolve("f")).hasContent("2");
    assertThat(result.asides()).isEmpty();
    try (var names = Files.list(scratch)) {
      assertThat(names.filter(n -> n.toString().contains("aside"))).isEmpty();
    }
  }

  @Test
  void restore_neverTouchesTheTarget() throws Exception {
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    Files.writeString(tree.resolve("f"), "1");
    fixture.run(tree);
    Map<String, String> target = TreeText.of(fixture.target);
    Path moved = tree.resolve("in");
    Files.createDirectory(moved);
    Files.move(fixture.target, moved.resolve("target"));
    EngineFixture there = fixture;
    Files.createSymbolicLink(fixture.target, moved.resolve("target"));
    Restorer.Result result = restore(tree);
    assertThat(result.failed()).isZero();
    assertThat(result.aside()).isZero();
    assertThat(TreeText.of(moved.resolve("target"))).isEqualTo(target);
    assertThat(there.target).exists();
  }

  @Test
  void restore_isRefused_whenThePlaceIsInTheTarget() throws Exception {
    Path above = Files.createDirectory(scratch.resolve("above"));
    Path source = Files.createDirectory(above.resolve("s"));
    Files.writeString(source.resolve("f"), "1");
    fixture.run(source);
    TargetChecks.delete(above);
    Files.createSymbolicLink(above, fixture.target);
    Map<String, String> before = TreeText.of(fixture.target);
    assertThatThrownBy(() -> restore(source))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("lies in the target");
    assertThat(TreeText.of(fixture.target)).isEqualTo(before);
  }

  @Test
  void restore_leavesWhatHoldsTheTarget_inTheWayOfAFile() throws Exception {
    Path tree = Files.createDirectory(scratch.resolve("tree"));
    Files.writeString(tree.resolve("in"), "1");
    fixture.run(tree);
    Path now = tree.resolve("in");
    Files.delete(now);
    Files.createDirectory(now);
    Files.move(fixture.target, now.resolve("target"));
    Files.createSymbolicLink(fixture.target, now.resolve("target"));
    Restorer.Result result = restore(tree);
    assertThat(result.failed()).isEqualTo(1);
    assertThat(result.aside()).isZero();
    assertThat(now.resolve("target")).isDirectory();
  }

  @Test
  void restore_movesNothingAway_thatAPartialSnapshotMayLack() throws Exception {
    shell("mkdir d; echo 1 >a; echo 1 >d/secret");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(FaultyPosix.Call.OPEN_FILE, "secret", Errno.EACCES);
    fixture.with(posix).run();
    fixture.with(Posix.ofSystem());
    shell("echo 2 >a");
    Restorer.Result result = restore(fixture.source);
    assertThat(result.failed()).isZero();
    assertThat(fixture.source.resolve("a")).hasContent("1");
    assertThat(fixture.source.resolve("d/secret")).hasContent("1");
    assertThat(result.aside()).isEqualTo(1);
  }

  @Test
  void restore_takesPathsTogether_ofWhichOneLiesBehindALink() throws Exception {
    Path plain = Files.createDirectories(scratch.resolve("plain"));
    Path real = Files.createDirectories(scratch.resolve("real/below/deep"));
    Files.createSymbolicLink(scratch.resolve("link"), Path.of("real"));
    Path linked = scratch.resolve("link/below/deep");
    Files.writeString(plain.resolve("f"), "1");
    Files.writeString(real.resolve("f"), "1");
    fixture.run(plain, linked);
    Files.delete(plain.resolve("f"));
    Files.delete(real.resolve("f"));
    assertThat(restore(plain, linked).failed()).isZero();
    assertThat(plain.resolve("f")).hasContent("1");
    assertThat(real.resolve("f")).hasContent("1");
  }

  @Test
  void restore_setsTheTimeOfTheWay_whenNothingIsChangedInItAnyMore() throws Exception {
    shell("mkdir -p a/b; echo 1 >a/b/f; touch -d 2001-02-03 a/b a");
    fixture.run();
    Map<String, String> wanted = TreeText.of(fixture.source.resolve("a"));
    shell("rm -r a");
    assertThat(restore(fixture.source.resolve("a/b")).failed()).isZero();
    assertThat(TreeText.of(fixture.source.resolve("a"))).isEqualTo(wanted);
  }

  /** More than are held at a time, of which some cannot be moved. */
  @Test
  void restore_movesEveryNameAside_thatIsNotInTheSnapshot_someAtATime() throws Exception {
    shell("echo 1 >a");
    fixture.run();
    shell("echo 2 >a; seq 10003 | sed s/^/x/ | xargs touch");
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (String name : List.of("x1", "x5000", "x10003")) {
      for (FaultyPosix.Call call : List.of(FaultyPosix.Call.RENAME, FaultyPosix.Call.RENAME_NEW)) {
        posix.failOn(call, fixture.source.resolve(name).toString(), Errno.EACCES);
      }
    }
    fixture.with(posix);

    Restorer.Result result = restore(fixture.source);

    assertThat(result.failed()).isEqualTo(3);
    assertThat(result.aside()).as("and what a was").isEqualTo(10_001);
    assertThat(fixture.source.resolve("a")).hasContent("1");
    try (Stream<Path> names = Files.list(fixture.source)) {
      assertThat(names.map(name -> name.getFileName().toString()))
          .filteredOn(name -> !name.startsWith(".deferred-sync-aside-"))
          .containsExactlyInAnyOrder("a", "x1", "x5000", "x10003");
    }
  }
}
