package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a restore in place takes for equal and leaves alone, by root and by an ordinary user. */
@EnabledOnOs(OS.LINUX)
final class PlaceStateTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @AutoClose private final LogCapture said = new LogCapture("place-state");

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root gives files away");
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  private void shell(String script) throws Exception {
    Shell.run("/bin/sh", "-ec", "cd \"$1\"; " + script, "sh", source.toString());
  }

  private Restorer.Result restore(Posix posix, Path... paths) throws Exception {
    fixture.with(posix);
    try (TargetReader reader =
        TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      return new Restorer(
              reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC),
              Clock.systemUTC(),
              said.logger())
          .restoreInPlace(Arrays.stream(paths).map(EngineFixture::filePath).toList(), Watcher.NONE);
    } finally {
      fixture.with(Posix.ofSystem());
    }
  }

  private Restorer.Result byRoot() throws Exception {
    return restore(Posix.ofSystem(), source);
  }

  private Restorer.Result byUser() throws Exception {
    loadEverything();
    Shell.run("chown", "-R", Integer.toString(OrdinaryUser.ID), fixture.target.toString());
    Shell.run("chown", Integer.toString(OrdinaryUser.ID), scratch.toString());
    OrdinaryUser user = OrdinaryUser.become();
    try {
      return restore(Posix.ofSystem(), source);
    } finally {
      user.close();
    }
  }

  /** Classes and native libraries may lie where only root can read. */
  private void loadEverything() throws Exception {
    EngineFixture mine = fixture;
    fixture = new EngineFixture(Files.createDirectory(scratch.resolve("root")));
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    assertThat(restore(Posix.ofSystem(), fixture.source).failed()).isZero();
    fixture = mine;
  }

  private void sql(String statement) throws Exception {
    Path file = fixture.target.resolve(".deferred-sync/catalogue.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement update = connection.createStatement()) {
      assertThat(update.executeUpdate(statement)).isPositive();
    }
  }

  /** Each change is one that size and name do not tell of; each is found, and all comes back. */
  @Test
  void root_findsEveryDifference_andNothingElse() throws Exception {
    shell(
        """
        for f in size bytes mode owner group time attribute same; do echo 1 >$f; done
        setfattr -n user.a -v 1 attribute; setfattr -n trusted.a -v 1 same
        ln -s to link; ln -P link link2; mknod device c 1 3; mknod block b 7 9; mknod null c 1 3
        mkdir d-attribute d-group d-same; setfattr -n user.a -v 1 d-attribute
        touch -h -d 2020-01-01 * .
        """);
    fixture.run();
    Map<String, String> wanted = TreeText.of(source);
    shell(
        """
        echo longer >size; echo 2 >bytes; chmod 600 mode; chown 5:0 owner; chgrp 5 group
        setfattr -n user.a -v 2 attribute; rm link; ln -s elsewhere link
        rm device block; mknod device c 1 5; mknod block b 7 8
        setfattr -n user.a -v 2 d-attribute; chgrp 5 d-group
        touch -h -d 2020-01-01 * .; touch -d 2021-01-01 time
        """);
    Object untouched = Files.getAttribute(source.resolve("same"), "unix:ino");

    Restorer.Result result = byRoot();

    assertThat(result.failed()).as("%s", said.lines()).isZero();
    assertThat(result.aside()).as("seven files, a link of two names, two devices").isEqualTo(11);
    assertThat(result.directories()).as("two, and that of all").isEqualTo(3);
    assertThat(TreeText.of(source)).isEqualTo(wanted);
    assertThat(Files.getAttribute(source.resolve("device"), "unix:rdev"))
        .isEqualTo(Files.getAttribute(source.resolve("null"), "unix:rdev"));
    assertThat(Files.getAttribute(source.resolve("same"), "unix:ino")).isEqualTo(untouched);
    Restorer.Result again = byRoot();
    assertThat(again.files() + again.directories() + again.aside()).isZero();
  }

  @Test
  void user_leavesAlone_whatOnlyRootCouldMakeMoreEqual() throws Exception {
    shell(
        """
        echo 1 >owner; chown 7 owner; chmod 4755 owner; echo 1 >own; chown 65534 own; chmod 4755 own
        echo 1 >group; chgrp 7 group; echo 1 >attribute; setfattr -n trusted.a -v 1 attribute
        setfattr -n user.a -v 1 attribute; mkdir directory; chown 7:7 directory
        """);
    fixture.run();
    shell("chown -R 65534:0 .; chmod 755 owner; chmod 4755 own; setfattr -x trusted.a attribute");
    shell("touch -r %s .".formatted(fixture.mirror(source)));
    Map<String, String> before = TreeText.of(source);

    Restorer.Result result = byUser();

    assertThat(result.failed()).as("%s", said.lines()).isZero();
    assertThat(result.files() + result.directories() + result.aside())
        .as("%s", said.lines())
        .isZero();
    assertThat(TreeText.of(source)).isEqualTo(before);
    assertThat(said.lines())
        .hasSize(2)
        .anyMatch(line -> line.contains(": the owner not kept in what was restored: "))
        .anyMatch(line -> line.contains(": the group not kept in what was restored: "));
  }

  @Test
  void user_restores_whatUsersCanMakeDiffer() throws Exception {
    shell("echo 1 >owner; echo 1 >mode; echo 1 >attribute; setfattr -n user.a -v 1 attribute");
    shell("chown -R 65534:0 .");
    fixture.run();
    Map<String, String> wanted = TreeText.of(source);
    shell("chown 7 owner; chmod 4644 mode; setfattr -n user.a -v 2 attribute");

    Restorer.Result result = byUser();

    assertThat(result.failed()).as("%s", said.lines()).isZero();
    assertThat(result.aside()).isEqualTo(3);
    assertThat(TreeText.of(source)).isEqualTo(wanted);
  }

  @Test
  void file_thatIsExchangedWhileItIsCompared_isNoProof() throws Exception {
    shell("echo 1 >f");
    fixture.run();
    Path file = source.resolve("f");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_FILE,
        file.toString(),
        () -> {
          Path copy = Files.copy(file, scratch.resolve("copy"), StandardCopyOption.COPY_ATTRIBUTES);
          Files.delete(file);
          Files.move(copy, file);
        });

    Restorer.Result result = restore(posix, source);

    assertThat(result.aside()).as("it gives way to what is read in one go").isEqualTo(1);
    assertThat(file).hasContent("1");
  }

  /** The name that was restored a moment ago is somebody else's file by now. */
  @Test
  void name_becomesAFileOfItsOwn_whereTheOtherHasChangedMeanwhile() throws Exception {
    shell("echo 1 >a; ln a b");
    fixture.run();
    Files.delete(source.resolve("b"));
    Path other = source.resolve("a");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.STAT, other.toString(), 2, () -> Files.writeString(other, "changed"));

    assertThat(restore(posix, source).failed()).isZero();

    assertThat(source.resolve("b")).hasContent("1");
    assertThat(other).hasContent("changed");
    assertThat(byRoot().failed()).isZero();
    assertThat(Files.getAttribute(other, "unix:ino"))
        .isEqualTo(Files.getAttribute(source.resolve("b"), "unix:ino"));
  }

  @Test
  void target_isNotRestoredInto_whereItLiesAtADirectorysPlace() throws Exception {
    shell("mkdir d; echo 1 >d/f; echo 1 >e");
    fixture.run();
    TargetChecks.delete(source.resolve("d"));
    Files.writeString(source.resolve("e"), "changed");
    Files.move(fixture.target, source.resolve("d"));
    Files.createSymbolicLink(fixture.target, source.resolve("d"));
    Map<String, String> before = TreeText.of(source.resolve("d/dev"));

    Restorer.Result result = byRoot();

    assertThat(result.failed()).isEqualTo(1);
    assertThat(said.lines())
        .anyMatch(line -> line.contains("d: not restored: it is the target itself"));
    assertThat(source.resolve("e")).hasContent("1");
    assertThat(TreeText.of(source.resolve("d/dev"))).isEqualTo(before);
    assertThat(result.aside()).as("e").isEqualTo(1);
  }

  @Test
  void mounts_stay_andKeepWhatGaveWayInThem() throws Exception {
    shell("mkdir d; echo 1 >d/f; mkdir e; echo 1 >e/f");
    fixture.run();
    shell("rm -r e; echo 1 >e; mount --bind e e; mount -t tmpfs -o size=1m none d; echo 2 >d/f");
    try {
      Restorer.Result result = byRoot();

      assertThat(result.failed()).as("%s", said.lines()).isEqualTo(1);
      assertThat(said.lines())
          .anyMatch(line -> line.contains("e: not restored: what is there now stays: a mount"));
      assertThat(source.resolve("d/f")).hasContent("1");
      assertThat(result.asides())
          .extracting(aside -> aside.above())
          .containsExactly(EngineFixture.filePath(source.resolve("d")));
    } finally {
      shell("umount d e");
    }
  }

  @Test
  void file_isNotRestored_whereTheCatalogueHasNoContentForIt() throws Exception {
    shell("echo 1 >f; ln -s to link; echo 2 >g");
    fixture.run();
    sql(
        "DELETE FROM content WHERE id = (SELECT content FROM entry WHERE name = CAST('f' AS BLOB))");
    sql("UPDATE entry SET link_target = NULL WHERE name = CAST('link' AS BLOB)");
    shell("echo 2 >link2; mv link2 link; rm g");

    assertThat(byRoot().failed()).isEqualTo(2);

    assertThat(said.lines())
        .anyMatch(line -> line.endsWith("f: not restored: the catalogue has no content for it"))
        .anyMatch(line -> line.contains("link: not restored: the catalogue has been changed: "));
    assertThat(source.resolve("f")).hasContent("1");
    assertThat(source.resolve("link")).hasContent("2");
    assertThat(source.resolve("g")).hasContent("2");
  }

  @Test
  void paths_shareTheWayThatIsMadeForThem() throws Exception {
    Path above = scratch.resolve("above");
    Path one = Files.createDirectories(above.resolve("one"));
    for (String name : List.of("a/b/f", "a/c/g")) {
      ChangingTree.write(one, name, name);
    }
    FileTime time = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));
    Files.setLastModifiedTime(one.resolve("a"), time);
    fixture.run(one);
    Map<String, String> wanted = TreeText.of(one);
    TargetChecks.delete(above);

    Restorer.Result result = restore(Posix.ofSystem(), one.resolve("a/b/f"), one.resolve("a/c/g"));

    assertThat(result.failed()).isZero();
    assertThat(TreeText.of(one)).isEqualTo(wanted);
    assertThat(said.lines())
        .containsExactly(
            "WARN place-state: " + above + ": made with mode 0700, since it is in no source");
    try (Stream<Path> names = Files.list(scratch)) {
      assertThat(names.filter(name -> name.toString().contains("aside"))).isEmpty();
    }
  }

  @Test
  void restore_isRefused_whereTheWayToItCannotBeLookedAt() throws Exception {
    shell("echo 1 >f");
    fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT, source.toString(), Errno.EACCES);

    assertThat(restore(posix, source).failed()).isEqualTo(1);

    assertThat(said.lines()).anyMatch(line -> line.contains(Errno.EACCES.text()));
    assertThat(posix.openObjects()).isEmpty();
  }
}
