package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.deferredsync.fs.FaultyPosix.Interference;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Names that go, come back or move on between the scan and the moment they are stored. */
@EnabledOnOs(OS.LINUX)
final class ChangingNamesTest extends SuccessiveRuns {
  private void move(String from, String to) throws IOException {
    Files.createDirectories(source.resolve(to).getParent());
    Files.move(source.resolve(from), source.resolve(to));
  }

  private long inode(Path path) throws IOException {
    return (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private long mirrored(String name) throws IOException {
    return inode(fixture.mirror(source.resolve(name)));
  }

  /** Does something when all is scanned and nothing is stored. */
  private void afterTheScan(Interference action) {
    fixture.with(
        new Progress() {
          @Override
          public void begin(Phase phase, long files, long bytes) {
            if (phase == Phase.COPY) {
              try {
                action.run();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }
          }

          @Override
          public void advance(long files, long bytes) {}

          @Override
          public void end() {}
        });
  }

  private static Counts counts(BackupReport report) {
    return report.sources().get(0).result().counts();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20_000})
  @Tag("rule-7")
  void run_movesAFileOnce_thatMovesOnMeanwhile(int files) throws Exception {
    write("a", "bytes of a");
    run();
    move("a", "d/b");
    write("d/last", "read when b has been moved");
    write("e/beside", "b");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.OPEN_FILE, source.resolve("d/last").toString(), () -> move("d/b", "e/c"));
    fixture.with(posix).with(new Batch.Limits(files, 1 << 20));

    BackupReport report = runAnyway();

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(counts(report).moved()).isEqualTo(1);
    assertThat(fixture.mirror(source.resolve("e/c"))).hasContent("bytes of a");
    theNextRunIsSound();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 20_000})
  @Tag("rule-7")
  void run_movesNothing_fromANameThatHasAnotherFileMeanwhile(int files) throws Exception {
    String[] names = {"longer", "younger", "replaced", "link"};
    for (String name : names) {
      write("m/" + name, "bytes of " + name);
    }
    write("b/early", "moved before the others");
    run();
    FileTime time = Files.getLastModifiedTime(source.resolve("m/replaced"));
    for (String name : names) {
      move("m/" + name, "z/" + name);
    }
    move("b/early", "a/early");
    afterTheScan(
        () -> {
          write("m/longer", "other bytes, and more of them");
          write("m/younger", "BYTES OF younger");
          write("m/replaced", "BYTES OF replaced");
          Files.setLastModifiedTime(source.resolve("m/replaced"), time);
          Files.createSymbolicLink(source.resolve("m/link"), Path.of("nowhere"));
        });
    fixture.with(new Batch.Limits(files, 1 << 20));

    BackupReport report = runAnyway();

    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(counts(report).moved()).as("early").isEqualTo(1);
    for (String name : names) {
      assertThat(fixture.mirror(source.resolve("z/" + name))).hasContent("bytes of " + name);
    }
    assertThat(fixture.mirror(source.resolve("m/replaced"))).hasContent("BYTES OF replaced");
    theNextRunIsSound();
  }

  @Test
  @Tag("rule-7")
  void run_readsAMovedFile_thatItCannotBelieveUnread() throws Exception {
    for (String name : new String[] {"damaged", "unreadable", "torn", "still"}) {
      write(name, "bytes of " + name);
    }
    run();
    long still = mirrored("still");
    VerificationTest.rot(fixture.mirror(source.resolve("damaged")));
    Verifier.Result found =
        new Verification(
                fixture.engine(),
                EngineFixture.filePath(fixture.target),
                LoggerFactory.getLogger("verify"))
            .verify(Verifier.ALL);
    assertThat(found.damaged()).isEqualTo(1);
    models.clear();
    for (String name : new String[] {"damaged", "unreadable", "torn", "still"}) {
      move(name, "new/" + name);
      Files.setPosixFilePermissions(
          source.resolve("new/" + name), PosixFilePermissions.fromString("rw-------"));
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, source.resolve("new/unreadable").toString(), Errno.EACCES);
    for (int attempt = 1; attempt < 40; attempt++) {
      String text = "%02d".formatted(attempt);
      posix.before(
          Call.READ, source.resolve("new/torn").toString(), attempt, () -> overwrite(text));
    }
    fixture.with(posix);

    BackupReport report = runAnyway();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(counts(report).moved()).as("still").isEqualTo(1);
    assertThat(mirrored("new/still")).isEqualTo(still);
    assertThat(fixture.mirror(source.resolve("new/damaged"))).hasContent("bytes of damaged");
    assertThat(fixture.mirror(source.resolve("new/torn"))).content().endsWith(" torn");
    assertThat(fixture.mirror(source.resolve("new/unreadable"))).doesNotExist();
    move("new/torn", "newer/torn");
    fixture.with(Posix.ofSystem());

    Counts counts = counts(runAnyway());

    assertThat(counts.moved()).as("what was torn is copied again").isZero();
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  private void overwrite(String text) throws IOException {
    Path file = source.resolve("new/torn");
    try (var channel = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** What the listing before storing cannot tell for sure is not concluded from the scan. */
  @Test
  @Tag("small-rule-1")
  void run_removesNothing_whereTheSecondListingFails() throws Exception {
    write("d/gone", "g");
    write("d/back", "old");
    write("d/other", "o");
    write("e/gone", "g");
    write("e/other", "o");
    run();
    Files.delete(source.resolve("d/gone"));
    Files.delete(source.resolve("d/back"));
    Files.delete(source.resolve("e/gone"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    afterTheScan(
        () -> {
          write("d/back", "and new");
          posix.failOn(Call.STAT, source.resolve("d/other").toString(), Errno.EIO);
          posix.failOn(Call.OPEN_DIRECTORY, source.resolve("e").toString(), Errno.EIO);
        });

    BackupReport report = runAnyway();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(fixture.mirror(source.resolve("d/gone"))).as("for all we know").hasContent("g");
    assertThat(fixture.mirror(source.resolve("d/back"))).hasContent("and new");
    assertThat(fixture.mirror(source.resolve("d/other"))).hasContent("o");
    assertThat(fixture.mirror(source.resolve("e/other"))).hasContent("o");
    theNextRunIsSound();
  }

  @Test
  @Tag("small-rule-1")
  void run_leavesDirectoriesForTheNext_thatAreYoungerThanTheScanOrCannotBeLookedAt()
      throws Exception {
    write("there/file", "1");
    write("changed/file", "1");
    run();
    write("there/more", "2");
    write("new/file", "n");
    for (String name : new String[] {"there/unread", "new/unread"}) {
      write(name + "/file", "of " + name);
    }
    Files.setPosixFilePermissions(
        source.resolve("changed"), PosixFilePermissions.fromString("rwx------"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (String name : new String[] {"there/unread", "new/unread", "changed"}) {
      posix.failOn(Call.XATTRS, source.resolve(name).toString(), Errno.EIO);
    }
    fixture.with(posix);
    afterTheScan(
        () -> {
          write("there/young/file", "y");
          write("new/young/file", "y");
        });

    BackupReport report = runAnyway();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(TreeText.of(fixture.mirror(source)))
        .containsOnlyKeys(
            ".", "there", "there/file", "there/more", "changed", "changed/file", "new", "new/file");
    theNextRunIsSound();
  }

  @Test
  @Tag("rule-7")
  void run_copiesAMovedFile_whoseFileCannotBeLinked() throws Exception {
    write("a", "bytes of a");
    run();
    move("a", "b");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(Call.LINK, 1, Errno.EIO);
    fixture.with(posix);
    assertThatThrownBy(this::runAnyway).hasMessageContaining("input/output error");
    assertThat(posix.openObjects()).isEmpty();
    for (Errno refused : new Errno[] {Errno.EPERM, Errno.EOPNOTSUPP}) {
      posix = FaultyPosix.ofSystem();
      posix.failAt(Call.LINK, 1, refused);
      fixture.with(posix);

      Counts counts = counts(runAnyway());

      assertThat(counts.moved()).isZero();
      assertThat(counts.added()).isEqualTo(1);
      move("b", "c");
      fixture.with(Posix.ofSystem());
      run();
      move("c", "b");
    }
    theNextRunIsSound();
  }

  /** What the mirror has of the directory is the last that is known of the name. */
  @Test
  void run_keepsADirectory_thatBecameAFile_whichCannotBeRead() throws Exception {
    write("turns/file", "in a directory");
    run();
    TargetChecks.delete(source.resolve("turns"));
    write("turns", "a file now");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(FaultyPosix.Call.OPEN_FILE, source.resolve("turns").toString(), Errno.EACCES);
    fixture.with(posix);

    BackupReport report = runAnyway();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(fixture.mirror(source.resolve("turns/file"))).hasContent("in a directory");
    theNextRunIsSound();
  }
}
