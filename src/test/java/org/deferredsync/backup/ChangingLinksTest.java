package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Files with several names that change while a run has listed them and not stored them yet. */
@EnabledOnOs(OS.LINUX)
final class ChangingLinksTest extends SuccessiveRuns {
  private void pair(String directory) throws IOException {
    ChangingTree.write(source, directory + "/a", "of " + directory);
    ChangingTree.link(source, directory + "/b", directory + "/a");
  }

  /** What the mirror has, one line a file. */
  private String mirrored(String name) throws IOException {
    return Files.readString(fixture.mirror(source.resolve(name)));
  }

  private Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private void overwrite(String name, String text) throws IOException {
    try (var channel = Files.newByteChannel(source.resolve(name), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void run_joinsNoName_thatIsNoneOfTheFileAnyMore() throws Exception {
    pair("renamed");
    run();
    for (String directory :
        new String[] {"chmodded", "directory", "gone", "grown", "replaced", "touched"}) {
      pair(directory);
    }
    Files.move(source.resolve("renamed"), source.resolve("other-name"));
    ChangingTree.write(source, "z/plain", "read when all is listed");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_FILE,
        source.resolve("z/plain").toString(),
        () -> {
          Files.delete(source.resolve("gone/a"));
          Files.delete(source.resolve("gone/b"));
          Files.delete(source.resolve("directory/b"));
          Files.createDirectory(source.resolve("directory/b"));
          Files.delete(source.resolve("replaced/b"));
          ChangingTree.write(source, "replaced/b", "another file");
          Files.move(source.resolve("other-name"), source.resolve("renamed"));
          posix.before(
              Call.STAT,
              source.resolve("grown/b").toString(),
              () -> Files.writeString(source.resolve("grown/a"), "!", StandardOpenOption.APPEND));
          posix.before(
              Call.STAT,
              source.resolve("touched/b").toString(),
              () -> Files.setLastModifiedTime(source.resolve("touched/a"), FileTime.fromMillis(1)));
          posix.before(
              Call.STAT,
              source.resolve("chmodded/b").toString(),
              () ->
                  Files.setPosixFilePermissions(
                      source.resolve("chmodded/a"), PosixFilePermissions.fromString("rw-------")));
        });
    fixture.with(posix);

    BackupReport report = runAnyway();

    assertThat(report.verdict()).as("what vanished is no trouble").isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(source.resolve("gone"))).isEmptyDirectory();
    assertThat(mirrored("directory/a")).isEqualTo("of directory");
    assertThat(mirrored("replaced/a")).isEqualTo("of replaced");
    for (String directory :
        new String[] {"directory", "replaced", "grown", "touched", "chmodded"}) {
      assertThat(fixture.mirror(source.resolve(directory + "/b"))).as(directory).doesNotExist();
    }
    theNextRunIsSound();
  }

  @Test
  void run_keepsATornCopy_ofAFileWithSeveralNames_andMendsNothingWithIt() throws Exception {
    pair("kept");
    pair("lost");
    run();
    for (String name : new String[] {"lost/a", "lost/b"}) {
      Files.delete(fixture.mirror(source.resolve(name)));
    }
    assertThat(TargetChecks.verify(fixture).missing()).isPositive();
    models.clear(); // its bytes are lost until a run finds them in the source again
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (String name : new String[] {"kept/a", "lost/a"}) {
      Files.setPosixFilePermissions(
          source.resolve(name), PosixFilePermissions.fromString("rw-r-----"));
      for (int attempt = 1; attempt < 40; attempt++) {
        String text = "%02d".formatted(attempt);
        posix.before(
            Call.READ, source.resolve(name).toString(), attempt, () -> overwrite(name, text));
      }
    }
    fixture.with(posix);

    BackupReport report = runAnyway();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.COMPLETE);
    assertThat(mirrored("kept/b")).endsWith(" kept").isNotEqualTo("of kept");
    assertThat(inode(fixture.mirror(source.resolve("lost/a"))))
        .isEqualTo(inode(fixture.mirror(source.resolve("lost/b"))));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      long content = 0;
      for (String name : new String[] {"kept/a", "lost/a"}) {
        var version =
            reader
                .catalogue()
                .entries()
                .find(EngineFixture.filePath(source.resolve(name)))
                .orElseThrow()
                .version();
        assertThat(version.inconsistent()).isTrue();
        assertThat(version.content()).isGreaterThan(content);
        content = version.content() == null ? 0 : version.content();
      }
    }
    fixture.with(Posix.ofSystem());
    run();
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    assertThat(TargetChecks.verify(fixture).missing()).as("of the first run").isEqualTo(1);
  }

  @Test
  void run_looksAgain_whereAllNamesCouldNotBeRead() throws Exception {
    pair("new");
    pair("changed");
    run();
    pair("newer");
    Files.setPosixFilePermissions(
        source.resolve("changed/a"), PosixFilePermissions.fromString("rw-r-----"));
    ChangingTree.write(source, "new/a", "edited, and longer");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, source.resolve("changed/a").toString(), Errno.EACCES);
    posix.failOn(Call.OPEN_FILE, source.resolve("new/a").toString(), Errno.ENOENT);
    posix.failOn(Call.OPEN_FILE, source.resolve("newer/a").toString(), Errno.EIO);
    fixture.with(posix);

    BackupReport report = runAnyway();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(mirrored("new/b")).isEqualTo("of new");
    assertThat(mirrored("changed/b")).isEqualTo("of changed");
    assertThat(fixture.mirror(source.resolve("newer/b"))).doesNotExist();
    theNextRunIsSound();
  }

  /** A run in which one link is one too many for the target's file. */
  private void runWithTooManyNames(int link) throws Exception {
    FaultyPosix full = FaultyPosix.ofSystem();
    full.failAt(Call.LINK, link, Errno.EMLINK);
    fixture.with(full);
    assertThat(runAnyway().verdict()).isEqualTo(Verdict.GOOD);
    fixture.with(Posix.ofSystem());
  }

  /** Of a tree with another name for a moment the names elsewhere are looked at, and no others. */
  @Test
  void run_touchesNoName_thatIsToGoAndIsThereAgain() throws Exception {
    pair("stays");
    ChangingTree.link(source, "stays/c", "stays/a");
    Files.createDirectory(source.resolve("tree"));
    ChangingTree.link(source, "tree/d", "stays/a");
    runWithTooManyNames(3); // the first link tries whether there are any
    Shell.run("mkfifo", source.resolve("stays/p").toString());
    for (String name : new String[] {"stays/q", "stays/r", "tree/s"}) {
      ChangingTree.link(source, name, "stays/p");
    }
    runWithTooManyNames(2);
    pair("tree/all");
    ChangingTree.link(source, "tree/all/c", "tree/all/a");
    runWithTooManyNames(2);
    ChangingTree.write(source, "stays/whole", "of two names");
    ChangingTree.link(source, "tree/whole", "stays/whole");
    runAnyway();
    Path there = fixture.mirror(source.resolve("stays"));
    assertThat(inode(there.resolve("b"))).isEqualTo(inode(there.resolve("a")));
    assertThat(inode(there.resolve("c"))).isNotEqualTo(inode(there.resolve("a")));
    assertThat(inode(there.resolve("q"))).isEqualTo(inode(there.resolve("p")));
    assertThat(inode(there.resolve("r"))).isNotEqualTo(inode(there.resolve("p")));
    Files.move(source.resolve("tree"), source.resolve("away"));
    for (int i = 0; i < 70; i++) {
      ChangingTree.write(source, "x" + i + "/file", "more directories than stay open");
    }
    ChangingTree.write(source, "z/plain", "read when all is listed");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_FILE,
        source.resolve("z/plain").toString(),
        () -> Files.move(source.resolve("away"), source.resolve("tree")));
    fixture.with(posix);

    runAnyway();

    assertThat(fixture.mirror(source.resolve("tree"))).as("until the next run").doesNotExist();
    assertThat(mirrored("stays/whole")).isEqualTo("of two names");
    theNextRunIsSound();
  }
}
