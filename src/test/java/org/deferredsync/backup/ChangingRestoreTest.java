package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.FaultyPosix.Interference;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A restore while somebody changes what it has made, or what it reads. */
@EnabledOnOs(OS.LINUX)
final class ChangingRestoreTest {
  private static final int LARGE = 3 << 20;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @AutoClose private final LogCapture said = new LogCapture("changing-restore");

  private EngineFixture fixture;
  private Path source;
  private Path to;
  private FaultyPosix posix = FaultyPosix.ofSystem();

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    to = scratch.resolve("to");
  }

  private Restorer.Result restore() throws Exception {
    try (TargetReader reader = reader(posix)) {
      return restorer(reader)
          .restore(List.of(EngineFixture.filePath(source)), EngineFixture.filePath(to));
    }
  }

  private TargetReader reader(Posix calls) throws Exception {
    return TargetReader.open(fixture.with(calls).engine(), EngineFixture.filePath(fixture.target));
  }

  private static Snapshot first(TargetReader reader) throws Exception {
    return reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
  }

  private Restorer restorer(TargetReader reader) throws Exception {
    return new Restorer(first(reader), Clock.systemUTC(), said.logger());
  }

  private Path restored(String name) {
    return to.resolve("source").resolve(name);
  }

  private Path mirror(String name) {
    return fixture.mirror(source.resolve(name));
  }

  private static Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino");
  }

  private static void large(Path file) throws IOException {
    byte[] bytes = new byte[LARGE];
    new Random(1).nextBytes(bytes);
    Files.write(file, bytes);
  }

  private static void cut(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  // --- what was restored -----------------------------------------------------------------------

  /** A further name is one of the very file that was restored, or has the bytes for itself. */
  @Test
  void name_becomesAFileOfItsOwn_whereTheFirstIsGoneOrAnotherFile() throws Exception {
    ChangingTree.write(source, "a", "of two names");
    ChangingTree.link(source, "b", "a");
    Shell.run("mkfifo", source.resolve("p").toString());
    Files.createLink(source.resolve("q"), source.resolve("p"));
    fixture.run();
    Path first = restored("a");
    FileTime time = Files.getLastModifiedTime(source.resolve("a"));
    record Change(Call before, boolean gone, Interference what) {}
    List<Change> changes =
        List.of(
            new Change(Call.STAT, true, () -> Files.delete(first)),
            new Change(
                Call.STAT,
                false,
                () -> {
                  Files.delete(first);
                  Files.createDirectory(first);
                }),
            new Change(Call.STAT, false, () -> Files.writeString(first, "of other time")),
            new Change(
                Call.STAT,
                false,
                () -> {
                  Files.writeString(first, "of another size");
                  Files.setLastModifiedTime(first, time);
                }),
            new Change(
                Call.LINK,
                false,
                () -> {
                  Files.delete(first);
                  Files.writeString(first, "not the same");
                  Files.setLastModifiedTime(first, time);
                }));
    for (Change change : changes) {
      posix = FaultyPosix.ofSystem();
      posix.before(change.before(), first.toString(), change.what());
      posix.before(Call.STAT, restored("p").toString(), () -> Files.delete(restored("p")));

      assertThat(restore().failed()).as("%s", said.lines()).isZero();

      assertThat(restored("b")).hasContent("of two names");
      if (!change.gone()) {
        assertThat(inode(restored("b"))).isNotEqualTo(inode(first));
      }
      assertThat(Files.getAttribute(restored("q"), "unix:mode")).isEqualTo(0010644);
      assertThat(posix.openObjects()).isEmpty();
      TargetChecks.delete(to);
    }
  }

  @Test
  void name_isNotRestored_whereTheFirstIsGone_andTheBytesToo() throws Exception {
    ChangingTree.write(source, "a", "of two names");
    ChangingTree.link(source, "b", "a");
    fixture.run();
    posix.before(
        Call.STAT,
        restored("a").toString(),
        () -> {
          Files.delete(restored("a"));
          Files.writeString(mirror("a"), "not the same");
        });

    assertThat(restore().failed()).isEqualTo(1);

    assertThat(restored("b")).doesNotExist();
    assertThat(said.lines())
        .anyMatch(line -> line.contains("b: not restored: no file in the target has its bytes"));
  }

  @Test
  void shelter_isUsed_whereOthersCouldChangeNames_andNoOtherDirectory() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root gives directories away");
    ChangingTree.write(source, "file", "one");
    fixture.run();
    for (String mode : List.of("0 755", "0 1777", "0 777", OrdinaryUser.ID + " 755")) {
      String[] parts = mode.split(" ", -1);
      Files.createDirectory(to);
      Files.setAttribute(to, "unix:mode", Integer.parseInt(parts[1], 8));
      Files.setAttribute(to, "unix:uid", Integer.parseInt(parts[0]));
      posix = FaultyPosix.ofSystem();
      assertThat(restore().failed()).isZero();
      assertThat(restored("file")).hasContent("one");
      assertThat(to.toFile().list()).containsExactly("source");
      String shelter = "MAKE_DIRECTORY " + to.resolve(".deferred-sync-restore");
      assertThat(posix.changes().contains(shelter)).as(mode).isEqualTo(!mode.equals("0 755"));
      TargetChecks.delete(to);
    }
    for (String owner : List.of("0", "65534")) {
      Files.createDirectory(to);
      Files.setAttribute(to, "unix:mode", 0777);
      posix = FaultyPosix.ofSystem();
      Path shelter = to.resolve(".deferred-sync-restore");
      posix.before(
          Call.OPEN_DIRECTORY,
          shelter.toString(),
          () -> {
            Files.delete(shelter);
            Shell.run("mkdir", "-m", owner.equals("0") ? "755" : "700", shelter.toString());
            Shell.run("chown", owner, shelter.toString());
          });
      assertThatThrownBy(this::restore)
          .isInstanceOf(BackupException.class)
          .hasMessageStartingWith(to + ": .deferred-sync-restore: operation not permitted");
      assertThat(shelter).isEmptyDirectory();
      assertThat(posix.openObjects()).isEmpty();
      TargetChecks.delete(to);
    }
  }

  @Test
  void preview_isRefused_whereTheRestoreWouldBe() throws Exception {
    ChangingTree.write(source, "file", "one");
    fixture.run();
    Files.writeString(to, "a file");
    try (TargetReader reader = reader(posix)) {
      assertThatThrownBy(
              () ->
                  restorer(reader)
                      .preview(
                          List.of(EngineFixture.filePath(source)),
                          EngineFixture.filePath(to),
                          change -> {}))
          .isInstanceOf(BackupException.class)
          .hasMessageStartingWith(to + ": " + Errno.ENOTDIR.text());
    }
    assertThatThrownBy(this::restore)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(to + ": " + Errno.ENOTDIR.text());
  }

  @Test
  void devices_areToldOnce_whereOnlyRootCouldMakeThem() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can become somebody else");
    Shell.run("mknod", source.resolve("null").toString(), "c", "1", "3");
    Shell.run("mknod", source.resolve("zero").toString(), "c", "1", "5");
    ChangingTree.write(source, "file", "one");
    Shell.run("chown", "-R", Integer.toString(OrdinaryUser.ID), source.toString());
    fixture.run();
    assertThat(restore().failed()).as("by root").isZero();
    TargetChecks.delete(to);
    posix.failOn(Call.MAKE_NODE, "null", Errno.EPERM);
    assertThat(restore().failed()).as("by root who may not").isEqualTo(1);
    TargetChecks.delete(to);
    posix = FaultyPosix.ofSystem();
    Shell.run("chown", "-R", Integer.toString(OrdinaryUser.ID), fixture.target.toString());
    Shell.run("chown", Integer.toString(OrdinaryUser.ID), scratch.toString());
    Restorer.Result result;
    OrdinaryUser user = OrdinaryUser.become();
    try {
      result = restore();
    } finally {
      user.close();
    }

    assertThat(result.failed()).isEqualTo(2);
    assertThat(restored("file")).hasContent("one");
    assertThat(said.lines().stream().filter(line -> line.contains("only root can make devices")))
        .hasSize(1);
  }

  @Test
  void failures_areNamed_aHundredOfThem() throws Exception {
    for (int i = 0; i < 103; i++) {
      ChangingTree.write(source, "f" + i, "x");
    }
    fixture.run();
    for (int i = 0; i < 103; i++) {
      Files.delete(mirror("f" + i));
    }

    assertThat(restore().failed()).isEqualTo(103);

    assertThat(said.lines().stream().filter(line -> line.contains(": not restored: ")))
        .hasSize(100);
    assertThat(said.lines().stream().filter(line -> line.contains("more paths were not restored")))
        .hasSize(1);
  }

  // --- what is read ----------------------------------------------------------------------------

  /** What an increment or the mirror has at the place of a file is no file, or ends too early. */
  @Test
  void file_isNotRestored_ofWhatIsNoneOrIsCutWhileItIsRead() throws Exception {
    ChangingTree.write(source, "fifo", "one");
    ChangingTree.write(source, "small", "one");
    large(source.resolve("large"));
    byte[] bytes = new byte[9000];
    bytes[1] = 1; // neither a block of zeros, though it begins and ends with one
    Files.write(source.resolve("zeros"), bytes);
    fixture.run();
    Files.delete(mirror("fifo"));
    Shell.run("mkfifo", mirror("fifo").toString());
    posix.before(Call.READ, mirror("small").toString(), () -> cut(mirror("small"), 1));
    posix.before(Call.READ, mirror("large").toString(), 2, () -> cut(mirror("large"), 300_000));

    assertThat(restore().failed()).isEqualTo(3);

    for (String name : List.of("fifo", "small", "large")) {
      assertThat(restored(name)).doesNotExist();
      assertThat(said.lines())
          .anyMatch(line -> line.contains(name + ": not restored: no file in the target has"));
    }
    assertThat(restored("zeros")).hasBinaryContent(bytes);
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void restore_leavesNoHalfFile_whereItIsInterrupted() throws Exception {
    large(source.resolve("large"));
    fixture.run();
    posix.before(
        Call.READ, mirror("large").toString(), 4, () -> Thread.currentThread().interrupt());

    assertThatThrownBy(this::restore).hasMessage("interrupted");

    assertThat(Thread.interrupted()).isTrue();
    assertThat(restored("large")).doesNotExist();
    assertThat(posix.openObjects()).isEmpty();
  }

  private byte[] printed(String name) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (TargetReader reader = reader(posix)) {
      new CheckedFile(first(reader), Clock.systemUTC(), said.logger())
          .read(
              EngineFixture.filePath(source.resolve(name)),
              (buffer, length) -> out.write(buffer, 0, length));
    }
    return out.toByteArray();
  }

  @Test
  void print_isToldAsWrong_whereTheFileChangedMeanwhile() throws Exception {
    ChangingTree.write(source, "file", "one");
    ChangingTree.write(source, "fifo", "two");
    ChangingTree.write(source, "unreadable", "three");
    fixture.run();
    assertThat(printed("file")).asString().isEqualTo("one");
    posix.before(
        Call.READ, mirror("file").toString(), 2, () -> Files.writeString(mirror("file"), "two"));
    assertThatThrownBy(() -> printed("file"))
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("changed while it was printed; do not trust what was printed");
    Files.delete(mirror("fifo"));
    Shell.run("mkfifo", mirror("fifo").toString());
    posix.failOn(Call.READ, "unreadable", Errno.EIO);
    for (String name : List.of("fifo", "unreadable")) {
      assertThatThrownBy(() -> printed(name))
          .isInstanceOf(BackupException.class)
          .hasMessageContaining(name + ": no file in the target has its bytes");
    }
    assertThat(said.lines()).anyMatch(line -> line.contains(Errno.EIO.text()));
    assertThat(posix.openObjects()).isEmpty();
  }
}
