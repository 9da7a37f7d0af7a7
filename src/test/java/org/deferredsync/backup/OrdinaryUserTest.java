package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A backup by somebody who is not root, whom the modes of files bind. */
@EnabledOnOs(
    value = OS.LINUX,
    architectures = {"amd64"})
final class OrdinaryUserTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private @Nullable OrdinaryUser user;

  @BeforeEach
  void become() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can become somebody else");
    loadEverything();
    Shell.run("chown", Integer.toString(OrdinaryUser.ID), scratch.toString());
    user = OrdinaryUser.become();
    fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "closed/file", "one");
    ChangingTree.write(fixture.source, "closed/gone", "gone");
    mode("closed", "r-xr-xr-x");
  }

  /** Classes and native libraries may lie where only root can read. */
  private void loadEverything() throws Exception {
    EngineFixture asRoot = new EngineFixture(Files.createDirectory(scratch.resolve("root")));
    ChangingTree.make(asRoot.source);
    asRoot.run();
    ChangingTree.change(asRoot.source);
    asRoot.run();
    TargetChecks.sound(asRoot);
  }

  private void mode(String name, String mode) throws Exception {
    Files.setPosixFilePermissions(
        fixture.source.resolve(name), PosixFilePermissions.fromString(mode));
  }

  @AfterEach
  void becomeRootAgain() {
    if (user != null) {
      user.close();
    }
  }

  @Test
  @Tag("small-rule-10")
  void run_followsChanges_inADirectoryThatNobodyMayWriteTo() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    mode("closed", "rwxr-xr-x");
    ChangingTree.write(fixture.source, "closed/file", "two, longer");
    ChangingTree.write(fixture.source, "closed/new", "new");
    Files.delete(fixture.source.resolve("closed/gone"));
    mode("closed", "r-xr-xr-x");
    fixture.ahead(Duration.ofSeconds(20));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
  }

  @Test
  void mirror_keepsSetIdBits_thatWritingClears() throws Exception {
    for (String name : new String[] {"tools/first", "tools/second", "tools/third"}) {
      ChangingTree.write(fixture.source, name, "a program");
      Files.setAttribute(fixture.source.resolve(name), "unix:mode", 04755);
    }

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(TreeText.of(fixture.mirror(fixture.source.resolve("tools"))))
        .isEqualTo(TreeText.of(fixture.source.resolve("tools")));
  }

  @Test
  @Tag("rule-4")
  @Tag("small-rule-10")
  void run_removesADirectory_thatNobodyMayWriteTo() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    mode("closed", "rwxr-xr-x");
    TargetChecks.delete(fixture.source.resolve("closed"));
    ChangingTree.write(fixture.source, "other", "x");
    fixture.ahead(Duration.ofSeconds(20));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
  }

  /** A destination to which the group may write too, as a umask of 002 makes it. */
  private Path openDestination() throws Exception {
    Path to = Files.createDirectory(scratch.resolve("to"));
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxrwxr-x"));
    return to;
  }

  private Restorer.Result restore(Posix posix, LogCapture log, Path to) throws Exception {
    try (TargetReader reader = reader(posix)) {
      return new Restorer(first(reader), Clock.systemUTC(), log.logger())
          .restore(
              List.of(EngineFixture.filePath(fixture.source.resolve("closed"))),
              EngineFixture.filePath(to));
    }
  }

  private TargetReader reader(Posix posix) throws Exception {
    return TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target));
  }

  private static Snapshot first(TargetReader reader) throws Exception {
    return reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
  }

  @Test
  void restore_isExact_whereOthersMayWrite_ofADirectoryThatNobodyMayWriteTo() throws Exception {
    fixture.run();
    Path to = openDestination();
    try (LogCapture log = new LogCapture("restore")) {
      assertThat(restore(Posix.ofSystem(), log, to).failed()).isZero();
    }

    assertThat(TreeText.of(to.resolve("closed")))
        .isEqualTo(TreeText.of(fixture.source.resolve("closed")));
    assertThat(to.toFile().list()).containsExactly("closed");
  }

  @Test
  void restore_saysWhereTheFilesLie_thatCannotBeMovedUp() throws Exception {
    fixture.run();
    Path to = openDestination();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(FaultyPosix.Call.RENAME_NEW, "closed", Errno.EEXIST);
    try (LogCapture log = new LogCapture("restore")) {
      assertThat(restore(posix, log, to).failed()).isEqualTo(1);

      Path lies = to.resolve(".deferred-sync-restore/closed");
      assertThat(log.lines())
          .containsExactly(
              "ERROR restore: "
                  + to.resolve("closed")
                  + ": not restored: it cannot be moved up from "
                  + lies
                  + ", where it lies whole: "
                  + Errno.EEXIST.text()
                  + "; move it by hand");
      assertThat(TreeText.of(lies)).isEqualTo(TreeText.of(fixture.source.resolve("closed")));
    }
  }

  @Test
  void restoreInPlace_saysThatTheGroupStays() throws Exception {
    Path file = fixture.source.resolve("closed/file");
    asRoot("chgrp", "4711", file.toString());
    fixture.run();
    asRoot("chgrp", "4712", file.toString());
    try (LogCapture log = new LogCapture("restore");
        TargetReader reader = reader(Posix.ofSystem())) {
      Restorer.Result result =
          new Restorer(first(reader), Clock.systemUTC(), log.logger())
              .restoreInPlace(
                  List.of(EngineFixture.filePath(fixture.source)), RestoreChange.Watcher.NONE);

      assertThat(result.failed()).isZero();
      assertThat(result.files()).isZero();
      assertThat(log.lines())
          .singleElement(InstanceOfAssertFactories.STRING)
          .startsWith("WARN restore: " + file + ": the group not kept in what was restored: ");
    }
  }

  /** Does something in the source that takes root. */
  private void asRoot(String... command) throws Exception {
    becomeRootAgain();
    try {
      Shell.run(command);
    } finally {
      user = OrdinaryUser.become();
    }
  }

  private String inSource(String name) {
    return fixture.source.resolve(name).toString();
  }

  private Optional<Entry> row(String name) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader
          .catalogue()
          .entries()
          .find(EngineFixture.filePath(fixture.source.resolve(name)));
    }
  }

  /** What the user cannot make is known by its rows, and no snapshot is the worse for it. */
  @Test
  @Tag("small-rule-10")
  void run_recordsDevices_andTakesOutOfTheMirrorWhatBecameOne() throws Exception {
    ChangingTree.write(fixture.source, "file", "a device later");
    ChangingTree.write(fixture.source, "linked", "two names of a device later");
    ChangingTree.link(fixture.source, "linked-too", "linked");
    asRoot("mknod", inSource("null"), "c", "1", "3");
    asRoot("mknod", inSource("zero"), "c", "1", "5");
    asRoot("ln", inSource("zero"), inSource("zero-too"));
    asRoot("mknod", inSource("gone-later"), "b", "7", "200");
    try (LogCapture log = new LogCapture("incremental_backup")) {
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
      assertThat(log.lines()).filteredOn(line -> line.contains("special files")).hasSize(1);
    }
    assertThat(fixture.mirror(fixture.source.resolve("null"))).doesNotExist();
    assertThat(row("null").orElseThrow().version().rdev()).isEqualTo(0x103);
    assertThat(row("zero").orElseThrow().version().linkGroup())
        .isNotNull()
        .isEqualTo(row("zero-too").orElseThrow().version().linkGroup());
    asRoot("touch", "-d", "2001-02-03", inSource("null"), inSource("zero"));
    asRoot(
        "rm", inSource("gone-later"), inSource("file"), inSource("linked"), inSource("linked-too"));
    asRoot("mknod", inSource("file"), "c", "1", "7");
    asRoot("mknod", inSource("linked"), "c", "1", "8");
    asRoot("ln", inSource("linked"), inSource("linked-too"));
    fixture.ahead(Duration.ofSeconds(20));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    for (String name : new String[] {"file", "linked", "linked-too", "null", "zero", "zero-too"}) {
      assertThat(fixture.mirror(fixture.source.resolve(name))).as(name).doesNotExist();
      assertThat(row(name).orElseThrow().version().type()).isEqualTo(FileType.CHARACTER_DEVICE);
    }
    assertThat(row("gone-later")).isEmpty();
    assertThat(row("null").orElseThrow().version().mtimeNs())
        .isEqualTo(row("zero-too").orElseThrow().version().mtimeNs())
        .isLessThan(1_000_000_000L * 1_000_000_000);
    TargetChecks.verified(fixture, false);
    assertThat(TargetChecks.restored(fixture, 1, fixture.source.resolve("linked-too")))
        .as("what it was before")
        .isNotEmpty();
    fixture.ahead(Duration.ofSeconds(40));
    assertThat(fixture.run().sources().get(0).result().counts().unchanged()).isTrue();
    asRoot("rm", inSource("zero"), inSource("zero-too"), inSource("null"));
    fixture.ahead(Duration.ofSeconds(60));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.verified(fixture, false);
  }
}
