package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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

/** What a restore says and leaves where the system refuses it something. */
@EnabledOnOs(OS.LINUX)
final class FailingRestoreTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @AutoClose private final LogCapture said = new LogCapture("failing-restore");

  private final FaultyPosix posix = FaultyPosix.ofSystem();
  private EngineFixture fixture;

  /** What restores, with the snapshot opened. */
  private interface Restore {
    Restorer.Result by(Restorer restorer) throws BackupException, IOException;
  }

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "a", "of two names");
    ChangingTree.link(fixture.source, "b", "a");
    ChangingTree.write(fixture.source, "d/file", "in a directory");
    Files.createSymbolicLink(fixture.source.resolve("l"), Path.of("a"));
    fixture.run();
  }

  private Restorer.Result restore(Restore restore) throws Exception {
    try (TargetReader reader =
        TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
      return restore.by(new Restorer(snapshot, Clock.systemUTC(), said.logger()));
    }
  }

  private Restorer.Result aside() throws Exception {
    return restore(
        restorer ->
            restorer.restore(
                List.of(EngineFixture.filePath(fixture.source)),
                EngineFixture.filePath(scratch.resolve("to"))));
  }

  private Restorer.Result inPlace() throws Exception {
    return restore(
        restorer ->
            restorer.restoreInPlace(List.of(EngineFixture.filePath(fixture.source)), Watcher.NONE));
  }

  private static Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino");
  }

  @Test
  void directory_isClosedAgain_whenItCannotBeLookedAt() throws Exception {
    TargetChecks.delete(fixture.source.resolve("d"));
    posix.failOn(Call.STAT_OPEN, fixture.source.resolve("d").toString(), Errno.EACCES);

    assertThat(inPlace().failed()).isPositive();

    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void file_isClosedAndRemoved_whenItCannotBeWritten() throws Exception {
    TargetChecks.delete(fixture.source.resolve("d"));
    posix.failAlways(Call.WRITE, Errno.EFBIG);

    assertThat(inPlace().failed()).isEqualTo(1);

    assertThat(posix.openObjects()).isEmpty();
    assertThat(fixture.source.resolve("d")).isEmptyDirectory();
    try (Stream<Path> all = Files.walk(scratch)) {
      assertThat(all.filter(path -> path.toString().contains(".deferred-sync-new"))).isEmpty();
    }
  }

  /** Else each name becomes a file of its own, and nobody is told. */
  @Test
  void name_isNotRestored_whenTheOtherCannotBeReadAnyMore() throws Exception {
    Files.delete(fixture.source.resolve("b"));
    String other = fixture.source.resolve("a").toString();
    posix.before(Call.STAT, other, 2, () -> posix.failOn(Call.OPEN_FILE, other, Errno.EACCES));

    assertThat(inPlace().failed()).isEqualTo(1);

    assertThat(fixture.source.resolve("a")).hasContent("of two names");
    assertThat(fixture.source.resolve("b")).doesNotExist();
    assertThat(said.lines())
        .anyMatch(line -> line.contains(fixture.source.resolve("b") + ": not restored"));
    posix.heal();
    assertThat(inPlace().failed()).isZero();
    assertThat(inode(fixture.source.resolve("b"))).isEqualTo(inode(fixture.source.resolve("a")));
  }

  @Test
  void name_isNotRestored_whenItCannotBeGiven() throws Exception {
    Files.delete(fixture.source.resolve("b"));
    posix.failAlways(Call.LINK, Errno.EACCES);

    assertThat(inPlace().failed()).isEqualTo(1);
    assertThat(aside().failed()).isEqualTo(1);

    assertThat(fixture.source.resolve("b")).doesNotExist();
    assertThat(scratch.resolve("to/source/b")).doesNotExist();
  }

  @Test
  void names_becomeFilesOfTheirOwn_andItIsSaid_whereThereAreNone() throws Exception {
    Files.delete(fixture.source.resolve("b"));
    posix.failAlways(Call.LINK, Errno.EPERM);

    assertThat(inPlace().failed()).isZero();
    assertThat(aside().failed()).isZero();

    for (Path top : List.of(fixture.source, scratch.resolve("to/source"))) {
      assertThat(top.resolve("b")).hasContent("of two names");
      assertThat(inode(top.resolve("b"))).isNotEqualTo(inode(top.resolve("a")));
    }
    assertThat(said.lines().stream().filter(line -> line.contains("a file of its own")))
        .hasSize(2)
        .allMatch(line -> line.startsWith("WARN ") && line.contains("operation not permitted"));
  }

  @Test
  void restore_isNoSuccess_whenTheDiskHasNotTakenIt() throws Exception {
    TargetChecks.delete(fixture.source.resolve("d"));
    posix.failAlways(Call.SYNC_FILE_SYSTEM, Errno.EIO);

    assertThatThrownBy(this::aside)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("not all that was restored has reached the disk");
    assertThatThrownBy(this::inPlace)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("not all that was restored has reached the disk");
  }

  @Test
  void restore_syncsDirectories_whereNothingSyncsFileSystems() throws Exception {
    posix.failAlways(Call.SYNC_FILE_SYSTEM, Errno.ENOSYS);

    assertThat(aside().failed()).isZero();

    assertThat(posix.changes()).contains("SYNC " + scratch.resolve("to"));
  }

  @Test
  void restore_endsAtOnce_whenTheDiskIsFull() throws Exception {
    for (Errno errno : List.of(Errno.ENOSPC, Errno.EDQUOT, Errno.EROFS, Errno.EIO)) {
      Files.delete(fixture.source.resolve("d/file"));
      posix.failAlways(Call.CREATE_FILE, errno);
      Path to = scratch.resolve("to");
      ended(this::aside, fixture.source.resolve("a"), errno);
      ended(this::inPlace, fixture.source.resolve("d/file"), errno);
      posix.heal();
      TargetChecks.delete(to);
      assertThat(inPlace().failed()).isZero();
    }
    assertThat(said.lines().stream().filter(line -> line.startsWith("ERROR ")))
        .as("each once")
        .hasSize(8);
    assertThat(posix.openObjects()).isEmpty();
  }

  /** It names the path, though a system call knows but the last name. */
  private static void ended(ThrowingCallable restore, Path path, Errno errno) {
    assertThatThrownBy(restore)
        .as("%s", errno)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(path + ": ")
        .hasMessageContaining(errno.text())
        .hasMessageEndingWith("; what is restored stays, restore again");
  }

  @Test
  void restore_namesWhereItWasTo_whenThatCannotBeLookedAt() throws Exception {
    Path to = Files.createDirectory(scratch.resolve("to"));
    posix.failOn(Call.LIST, to.toString(), Errno.EACCES);
    assertThatThrownBy(this::aside)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(to + ": ")
        .hasMessageContaining(Errno.EACCES.text());
    posix.failOn(Call.STAT, fixture.source.toString(), Errno.ENOMEM);
    posix.failOn(Call.OPEN_DIRECTORY, scratch.getFileName().toString(), Errno.EMFILE);
    assertThatThrownBy(this::inPlace)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(fixture.source + ": ")
        .hasMessageContaining(Errno.EMFILE.text());
    assertThat(posix.openObjects()).isEmpty();
  }

  /** The calls know bare names alone. */
  @Test
  void reader_namesTheTarget_whenItCannotBeOpened() {
    posix.failOn(Call.OPEN_FILE, "lock", Errno.EIO);
    assertThatThrownBy(this::aside).hasMessageStartingWith(fixture.target + ": [");
    posix.failOn(Call.OPEN_DIRECTORY, ".deferred-sync", Errno.EIO);
    assertThatThrownBy(this::aside).hasMessageStartingWith(fixture.target + ": [");
    assertThat(posix.openObjects()).isEmpty();
  }

  /** Only an ordinary user is told to come back as root. */
  @Test
  void link_isNotRestored_whereEvenRootMayNotMakeIt() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "what an ordinary user may not is root's");
    posix.failOn(Call.MAKE_SYMLINK, "l", Errno.EPERM);

    assertThat(aside().failed()).isEqualTo(1);

    assertThat(said.lines())
        .anyMatch(
            line ->
                line.contains(fixture.source.resolve("l") + ": ")
                    && line.contains(Errno.EPERM.text()));
    assertThat(scratch.resolve("to/source/a")).hasContent("of two names");
  }
}
