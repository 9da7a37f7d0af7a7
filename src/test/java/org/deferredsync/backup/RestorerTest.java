package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files brought back into an empty directory, exactly. */
final class RestorerTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
  }

  private Restorer.Result restore(String at, Path to, Path... paths) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return restorer(reader, at)
          .restore(
              Arrays.stream(paths).map(EngineFixture::filePath).toList(),
              EngineFixture.filePath(to));
    }
  }

  private static Restorer restorer(TargetReader reader, String at) throws Exception {
    Snapshot snapshot = reader.snapshots().at(PointInTime.parse(at), Instant.MAX, ZoneOffset.UTC);
    return new Restorer(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("restore"));
  }

  private static Object inode(Path path) throws Exception {
    return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private void shell(String script) throws Exception {
    Shell.run("/bin/sh", "-ec", "cd \"$1\"; " + script, "sh", fixture.source.toString());
  }

  private Path to() {
    return scratch.resolve("to");
  }

  @Test
  void restore_joinsNames_thatWereOneFile_acrossDirectoriesAndPaths() throws Exception {
    shell("mkdir a b; echo x >a/one; ln a/one b/two; ln a/one three; echo x >b/alone");
    shell("ln -s to a/link; ln a/link b/same-link; mkfifo a/fifo; ln a/fifo b/same-fifo");
    fixture.run();

    Restorer.Result all = restore("latest", to(), fixture.source);
    Path top = to().resolve("source");
    assertThat(inode(top.resolve("a/one")))
        .isEqualTo(inode(top.resolve("b/two")))
        .isEqualTo(inode(top.resolve("three")))
        .isNotEqualTo(inode(top.resolve("b/alone")));
    assertThat(inode(top.resolve("a/link"))).isEqualTo(inode(top.resolve("b/same-link")));
    assertThat(inode(top.resolve("a/fifo"))).isEqualTo(inode(top.resolve("b/same-fifo")));
    assertThat(all.links()).isEqualTo(4);
    assertThat(all.failed()).isZero();
    assertThat(TreeText.of(top)).isEqualTo(TreeText.of(fixture.source));

    Path some = scratch.resolve("some");
    restore("latest", some, fixture.source.resolve("b"), fixture.source.resolve("three"));
    Path below = some.resolve(fixture.source.toString().substring(1));
    assertThat(inode(below.resolve("b/two"))).isEqualTo(inode(below.resolve("three")));
    assertThat(below.resolve("a")).doesNotExist();
  }

  @Test
  void restore_joinsTheRightNames_deeperThanDirectoriesStayOpen() throws Exception {
    String deep = "/d".repeat(60);
    shell(
        "mkdir -p a%1$s b%1$s; echo RIGHT >a%1$s/x; ln a%1$s/x b%1$s/x; p=b;".formatted(deep)
            + " for i in $(seq 60); do echo decoy >$p/x; p=$p/d; done");
    fixture.run();
    restore("latest", to(), fixture.source);
    Path top = to().resolve("source");
    assertThat(TreeText.of(top)).isEqualTo(TreeText.of(fixture.source));
    assertThat(inode(top.resolve("b" + deep + "/x")))
        .isEqualTo(inode(top.resolve("a" + deep + "/x")));
  }

  @Test
  void restore_joinsNames_whereTheirTimeCannotBeKept() throws Exception {
    shell("echo x >one; ln one two; ln -s to link; ln link same-link; touch -d 2001-01-01 one");
    fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.SET_TIME, Errno.EINVAL);

    Restorer.Result result;
    try (TargetReader reader =
        TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      result =
          restorer(reader, "1")
              .restore(
                  List.of(EngineFixture.filePath(fixture.source)), EngineFixture.filePath(to()));
    }

    Path top = to().resolve("source");
    assertThat(result.links()).isEqualTo(2);
    assertThat(inode(top.resolve("one"))).isEqualTo(inode(top.resolve("two")));
    assertThat(inode(top.resolve("link"))).isEqualTo(inode(top.resolve("same-link")));
  }

  @Test
  void restore_joinsNamesOfThePast_andNotThoseOfNow() throws Exception {
    shell("echo x >one; ln one two; echo y >three");
    fixture.run();
    shell("rm two; ln three two; chmod 600 one");
    fixture.ahead(Duration.ofSeconds(20));
    fixture.run();

    restore("1", to(), fixture.source);
    Path then = to().resolve("source");
    assertThat(inode(then.resolve("one"))).isEqualTo(inode(then.resolve("two")));
    assertThat(then.resolve("two")).hasContent("x");
    assertThat(inode(then.resolve("three"))).isNotEqualTo(inode(then.resolve("two")));

    Path now = scratch.resolve("now");
    restore("2", now, fixture.source);
    assertThat(inode(now.resolve("source/three"))).isEqualTo(inode(now.resolve("source/two")));
    assertThat(TreeText.of(now.resolve("source"))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void groups_askTheCatalogue_forWhatTheyHadToForget() throws Exception {
    shell("for i in 1 2 3 4 5; do echo $i >a$i; ln a$i b$i; done");
    fixture.run();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot snapshot = reader.snapshots().at(PointInTime.latest(), Instant.MAX, ZoneOffset.UTC);
      FilePath source = EngineFixture.filePath(fixture.source);
      LinkGroups groups = new LinkGroups(snapshot, RestoreSet.below(snapshot, List.of(source)), 2);
      List<SnapshotWalk.Found> found = new ArrayList<>();
      new SnapshotWalk(snapshot).walk(snapshot.find(source).orElseThrow(), collecting(found));
      assertThat(found).hasSize(10);
      for (SnapshotWalk.Found one : found.subList(0, 5)) {
        groups.put(one, one.path());
      }
      for (SnapshotWalk.Found one : found.subList(5, 10)) {
        String name = new String(one.path().name(), java.nio.charset.StandardCharsets.UTF_8);
        FilePath other = FilePath.of("/source/a" + name.substring(1));
        assertThat(groups.places(one))
            .as(name)
            .containsExactly(
                one.path().equals(found.get(8).path()) || one.path().equals(found.get(9).path())
                    ? found.get(found.indexOf(one) - 5).path()
                    : other);
        assertThat(groups.count(one)).isEqualTo(2);
      }
    }
  }

  @Test
  void restore_joinsNames_whosePlacesItHadToForget() throws Exception {
    shell("for i in 1 2 3 4 5 6; do echo $i >f$i-a; ln f$i-a f$i-b; ln f$i-a z$i; done");
    fixture.run();
    List<FilePath> paths = List.of(EngineFixture.filePath(fixture.source));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot snapshot = reader.snapshots().at(PointInTime.latest(), Instant.MAX, ZoneOffset.UTC);
      Logger log = LoggerFactory.getLogger("restore");
      Restorer.Result told =
          new Restorer(snapshot, Clock.systemUTC(), log, 2)
              .preview(paths, EngineFixture.filePath(to()), RestoreChange.Watcher.NONE);
      Restorer.Result result =
          new Restorer(snapshot, Clock.systemUTC(), log, 2)
              .restore(paths, EngineFixture.filePath(to()));
      assertThat(result.links()).isEqualTo(12);
      assertThat(result.bytes()).isEqualTo(12);
      assertThat(told.links()).isEqualTo(12);
      assertThat(told.bytes()).isEqualTo(12);
    }
    assertThat(TreeText.of(to().resolve("source"))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void restore_fails_whenTheDiskDoesNotTakeIt() throws Exception {
    shell("echo x >f");
    fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.SYNC_FILE_SYSTEM, Errno.EIO);
    try (TargetReader reader =
        TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      List<FilePath> paths = List.of(EngineFixture.filePath(fixture.source));
      assertThatThrownBy(
              () -> restorer(reader, "latest").restore(paths, EngineFixture.filePath(to())))
          .isInstanceOf(BackupException.class)
          .hasMessageContaining(to() + ": not all that was restored has reached the disk");
      shell("echo y >f");
      assertThatThrownBy(
              () -> restorer(reader, "latest").restoreInPlace(paths, RestoreChange.Watcher.NONE))
          .isInstanceOf(BackupException.class)
          .hasMessageContaining(scratch + ": not all that was restored has reached the disk");
      shell("echo y >f");
      assertThat(
              restorer(reader, "latest").previewInPlace(paths, RestoreChange.Watcher.NONE).failed())
          .isZero();
    }
  }

  @Test
  void restore_leavesNoFile_thatItCouldNotLookAt() throws Exception {
    shell("echo x >f");
    fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.XATTRS, "source/f", Errno.EACCES);
    try (TargetReader reader =
        TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      Restorer.Result result =
          restorer(reader, "latest")
              .restore(
                  List.of(EngineFixture.filePath(fixture.source)), EngineFixture.filePath(to()));
      assertThat(result.failed()).isEqualTo(1);
      assertThat(posix.openObjects()).noneMatch(object -> object.endsWith("/to/source/f"));
    }
    assertThat(to().resolve("source")).isEmptyDirectory();
  }

  private static SnapshotWalk.Visitor collecting(List<SnapshotWalk.Found> found) {
    return new SnapshotWalk.Visitor() {
      @Override
      public boolean enter(
          FilePath path, org.deferredsync.snapshot.@org.jspecify.annotations.Nullable Version v) {
        return true;
      }

      @Override
      public void visit(SnapshotWalk.Found one) {
        found.add(one);
      }

      @Override
      public void leave(
          FilePath path, org.deferredsync.snapshot.@org.jspecify.annotations.Nullable Version v) {}

      @Override
      public void refuse(String what, String why) {
        throw new AssertionError(what + why);
      }
    };
  }

  @Test
  void restore_keepsHoles_ofFilesOfEverySize() throws Exception {
    // -Drestore.hole=2049M is one beyond what an int counts, and takes most of a minute.
    shell("truncate -s " + System.getProperty("restore.hole", "65M") + " all-hole");
    shell(
        """
        truncate -s 5000 small-hole
        truncate -s 1M start; printf end >>start
        printf begin >end; truncate -s 2M end
        printf a >middle; truncate -s 1M middle; printf z >>middle; truncate -s 3M middle
        dd if=/dev/zero of=zeros bs=64k count=8 2>/dev/null
        """);
    fixture.run();
    restore("latest", to(), fixture.source);
    Path top = to().resolve("source");
    for (String name : List.of("all-hole", "small-hole", "start", "end", "middle", "zeros")) {
      Path was = fixture.source.resolve(name);
      Shell.run("cmp", was.toString(), top.resolve(name).toString());
      assertThat(blocks(top.resolve(name))).as(name).isLessThanOrEqualTo(blocks(was));
    }
  }

  private static long blocks(Path file) throws Exception {
    Process process = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
    return Long.parseLong(said.strip());
  }

  @Test
  void restore_goesThroughPaths_beyondTheLimit_andNamesAtIt() throws Exception {
    Shell.run(
        "python3",
        "-c",
        """
        import os, sys
        os.chdir(sys.argv[1])
        for i in range(20):
            os.mkdir('n' * 255)
            os.chdir('n' * 255)
        open('f' * 255, 'w').write('deep')
        os.chmod('.', 0o500)
        """,
        fixture.source.toString());
    try {
      fixture.run();
      Restorer.Result result = restore("latest", to(), fixture.source);
      assertThat(result.failed()).isZero();
      assertThat(result.directories()).isEqualTo(21);
      Shell.run(
          "python3",
          "-c",
          """
          import os, sys
          os.chdir(sys.argv[1])
          for i in range(20):
              os.chdir('n' * 255)
          assert open('f' * 255).read() == 'deep'
          assert os.stat('.').st_mode & 0o7777 == 0o500
          """,
          to().resolve("source").toString());
    } finally {
      Shell.run("chmod", "-R", "u+w", scratch.toString());
      Shell.run("rm", "-rf", to().toString(), fixture.source.toString(), fixture.target.toString());
    }
  }

  @Test
  void restore_setsTimes_beforeTheEpochAndFarAhead_onLinksAndDirectories() throws Exception {
    shell(
        """
        mkdir d; echo x >d/f; ln -s f d/l
        touch -h -d '1931-02-03 04:05:06.123456789Z' d/f d/l
        echo y >g; touch -d '2150-06-07 08:09:10.000000001Z' g
        chmod 4755 g; chmod 3770 d
        touch -d '1969-12-31 23:59:59.999999999Z' d
        """);
    fixture.run();
    restore("latest", to(), fixture.source);
    assertThat(TreeText.of(to().resolve("source"))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void restore_setsAttributes_accessListsAndCapabilities() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "capabilities take root");
    shell(
        """
        mkdir d; echo x >d/f; echo y >g; chown 7:8 g
        setfattr -n user.note -v hello d/f
        setfattr -n user.note -v top d
        setfacl -m u:12:rwx -m m:rx d/f
        setfacl -d -m u:13:r d
        setcap cap_net_raw+ep g
        """);
    fixture.run();
    restore("latest", to(), fixture.source);
    Path top = to().resolve("source");
    assertThat(attributes(top)).isEqualTo(attributes(fixture.source)).contains("user.note");
    assertThat(TreeText.of(top)).isEqualTo(TreeText.of(fixture.source));
  }

  private static String attributes(Path top) throws Exception {
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-ec",
                "cd \"$1\"; find . | sort | xargs getfattr -h -d -m - -e hex;"
                    + " find . | sort | xargs getfacl -n",
                "sh",
                top.toString())
            .start();
    return new String(
        process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void restore_takesDirectories_ofMoreNamesThanAPage() throws Exception {
    Path many = Files.createDirectory(fixture.source.resolve("many"));
    for (int i = 0; i < 2 * SnapshotWalk.PAGE + 1; i++) {
      Files.writeString(many.resolve("f" + i), "f" + i);
      if (i % 100 == 0) {
        Files.writeString(Files.createDirectory(many.resolve("d" + i)).resolve("x"), "x");
      }
    }
    fixture.run();
    for (int i = 0; i < 2 * SnapshotWalk.PAGE; i += 3) {
      Files.writeString(many.resolve("f" + i), "changed" + i);
    }
    Map<String, String> before = new TreeMap<>();
    restore("1", to(), fixture.source);
    before.putAll(TreeText.of(to().resolve("source")));
    fixture.ahead(Duration.ofSeconds(20));
    fixture.run();

    Path then = scratch.resolve("then");
    restore("1", then, fixture.source);
    assertThat(TreeText.of(then.resolve("source"))).isEqualTo(before);
    Path now = scratch.resolve("now");
    restore("2", now, fixture.source);
    assertThat(TreeText.of(now.resolve("source"))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  void restore_goesOn_afterAFileThatIsLost_andCountsIt() throws Exception {
    shell("echo good >good; echo bad >bad; dd if=/dev/urandom of=big bs=1M count=1 2>/dev/null");
    fixture.run();
    Files.writeString(fixture.mirror(fixture.source.resolve("bad")), "BAD\n");
    Path big = fixture.mirror(fixture.source.resolve("big"));
    byte[] bytes = Files.readAllBytes(big);
    bytes[bytes.length - 1] ^= 1;
    Files.write(big, bytes);

    Restorer.Result result = restore("latest", to(), fixture.source);
    assertThat(result.failed()).isEqualTo(2);
    assertThat(to().resolve("source/good")).hasContent("good");
    assertThat(to().resolve("source/bad")).doesNotExist();
    assertThat(to().resolve("source/big")).doesNotExist();
  }

  @Test
  void preview_tellsTheSameCounts_andWritesNothing() throws Exception {
    ChangingTree.make(fixture.source);
    shell("ln content hard");
    fixture.run();
    Map<String, String> before = TreeText.of(scratch);
    List<String> told = new ArrayList<>();
    Restorer.Result preview;
    try (TargetReader reader =
        TargetReader.openUnchanged(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      preview =
          restorer(reader, "latest")
              .preview(
                  List.of(EngineFixture.filePath(fixture.source)),
                  EngineFixture.filePath(to()),
                  change -> told.add(change.path().toString()));
    }
    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(restore("latest", to(), fixture.source)).isEqualTo(preview);
    TreeMap<String, String> made = new TreeMap<>();
    TreeText.of(to().resolve("source"))
        .forEach(
            (name, line) ->
                made.put(to() + (name.equals(".") ? "/source" : "/source/" + name), line));
    assertThat(told).containsExactlyInAnyOrderElementsOf(made.keySet());
  }

  private void tamper(String sql) throws Exception {
    Path file = fixture.target.resolve(".deferred-sync/catalogue.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate(sql)).as(sql).isPositive();
    }
  }

  @Test
  void restore_refusesNames_thatNoBackupStores() throws Exception {
    shell("mkdir d; for i in 1 2 3 4 5 6 7; do echo $i >d/n$i; done; echo good >d/ok");
    fixture.run();
    List<String> names =
        List.of(
            "cast('../out' AS BLOB)",
            "cast('/tmp/out' AS BLOB)",
            "x'6100'",
            "x''",
            "cast('..' AS BLOB)",
            "cast('sub/out' AS BLOB)",
            "zeroblob(0) || x'2e'");
    for (int i = 0; i < names.size(); i++) {
      tamper(
          "UPDATE entry SET name = cast("
              + names.get(i)
              + " AS BLOB) WHERE name = x'6e3"
              + (i + 1)
              + "'");
    }
    Restorer.Result result = restore("latest", to(), fixture.source);
    assertThat(result.failed()).isEqualTo(7);
    assertThat(TreeText.of(to()).keySet())
        .containsExactly(".", "source", "source/d", "source/d/ok");
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  @Test
  void restore_goesThroughNoLink_thatAChangedCatalogueMade() throws Exception {
    Path outside = Files.createDirectory(scratch.resolve("outside"));
    shell("mkdir d; echo x >d/x; echo y >y");
    fixture.run();
    tamper(
        "UPDATE entry SET mode = 41471, content = NULL, link_target = cast('"
            + outside
            + "' AS BLOB) WHERE name = x'64'");
    Restorer.Result result = restore("latest", to(), fixture.source);
    assertThat(result.failed()).isZero();
    assertThat(to().resolve("source/d")).isSymbolicLink();
    assertThat(outside).isEmptyDirectory();
    assertThatThrownBy(() -> restore("latest", scratch.resolve("b"), fixture.source.resolve("d/x")))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("is no directory in the snapshot");
    assertThat(scratch.resolve("b")).doesNotExist();
  }

  @Test
  void restore_refusesTypes_andHashes_thatCannotBe() throws Exception {
    shell("echo a >a; echo b >b; echo c >c; ln -s x l");
    fixture.run();
    tamper("UPDATE entry SET mode = 511 WHERE name = x'61'");
    tamper(
        "UPDATE content SET sha256 = x'00' WHERE id = (SELECT content FROM entry WHERE name ="
            + " x'62')");
    tamper("UPDATE entry SET link_target = NULL WHERE name = x'6c'");
    Restorer.Result result = restore("latest", to(), fixture.source);
    assertThat(result.failed()).isEqualTo(3);
    assertThat(TreeText.of(to()).keySet()).containsExactly(".", "source", "source/c");
  }

  @Test
  void restore_touchesNothingOutside_whereOthersCanWrite() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root gives directories away");
    for (int i = 0; i < 20; i++) {
      Files.writeString(
          Files.createDirectories(fixture.source.resolve("d" + i)).resolve("f"), "x" + i);
      Files.createSymbolicLink(fixture.source.resolve("l" + i), Path.of("f"));
    }
    shell("chown -R 33:33 .; chmod -R go+rwx d*");
    fixture.run();
    Path outside = Files.createDirectory(scratch.resolve("outside"));
    Files.writeString(outside.resolve("f"), "mine");
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwx------"));
    Map<String, String> before = TreeText.of(outside);
    Path open = Files.createDirectory(scratch.resolve("open"));
    Shell.run("chown", "65534", open.toString());
    Shell.run("chmod", "777", open.toString(), scratch.toString());
    Process flipper =
        new ProcessBuilder(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "/bin/sh",
                "-c",
                """
                trap exit TERM
                cd "$1"
                while :; do
                    for d in source .deferred-sync-restore; do
                        mv $d $d.moved && ln -s "$2" $d && rm $d && mv $d.moved $d
                    done
                done
                """,
                "sh",
                open.toString(),
                outside.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      for (int i = 0; i < 5; i++) {
        try {
          restore("latest", open, fixture.source);
        } catch (BackupException | java.io.IOException refused) {
          assertThat(refused).hasMessageNotContaining("Exception");
        }
        assertThat(TreeText.of(outside)).isEqualTo(before);
        Shell.run("/bin/sh", "-c", "find \"$1\" -mindepth 1 -delete; :", "sh", open.toString());
      }
    } finally {
      flipper.destroy(); // and not what it is just running
      flipper.waitFor();
    }
  }
}
