package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Increments that somebody exchanged, or that cannot be read, while they are pruned or looked at.
 */
@EnabledOnOs(OS.LINUX)
final class IncrementFilesTest {
  private static final String UNKNOWN = "_backup_20200101T000000Z";
  private static final Retention SHORT = new Retention(1, 1);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path elsewhere;

  /** Three runs, of which the first two can expire. */
  @BeforeEach
  void runs() throws Exception {
    fixture = new EngineFixture(scratch);
    elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
    for (int day = 1; day <= 3; day++) {
      ChangingTree.write(fixture.source, "deep/in/file", "of day " + day);
      fixture.ahead(Duration.ofDays(day));
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    }
    fixture.ahead(Duration.ofDays(6));
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names.filter(name -> name.toString().contains("/_backup_")).sorted().toList();
    }
  }

  private Prune.Report prune() throws Exception {
    return fixture.prune(fixture.source).run(SHORT);
  }

  private Path inIncrement(int index, String name) throws IOException {
    return increments().get(index).resolve(fixture.source.resolve(name).toString().substring(1));
  }

  @Test
  void run_isRefused_whereSomethingElseHasTheNameOfAnIncrement() throws Exception {
    Path unknown = fixture.target.resolve(UNKNOWN);
    Files.writeString(unknown, "a file");
    assertThatThrownBy(fixture::run)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(unknown + ": an increment that the catalogue does not know");
    Files.delete(unknown);
    Files.createSymbolicLink(unknown, elsewhere);
    assertThatThrownBy(fixture::run)
        .hasMessageStartingWith(unknown + ": an increment that the catalogue does not know");
    Files.delete(unknown);
    Files.createDirectories(unknown.resolve("only/directories"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, UNKNOWN, Errno.EACCES);
    assertThatThrownBy(fixture.with(posix)::run)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining(Errno.EACCES.text());
    assertThat(posix.openObjects()).isEmpty();
    posix = FaultyPosix.ofSystem();
    posix.before(
        Call.STAT,
        unknown.resolve("only").toString(),
        () -> Files.move(unknown.resolve("only"), scratch.resolve("moved")));

    assertThat(fixture.with(posix).run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(unknown).doesNotExist();
  }

  /** Nothing that a link leads to is ever deleted. */
  @Test
  void prune_deletesNothing_whereALinkLies() throws Exception {
    Path first = increments().get(0);
    Path kept = scratch.resolve("kept");
    Files.move(first, kept);
    Files.createSymbolicLink(first, kept);
    Map<String, String> before = TreeText.of(kept);

    assertThat(prune().hindrance()).isEmpty();

    assertThat(TreeText.of(kept)).isEqualTo(before);
    assertThat(first).isSymbolicLink();
    Files.delete(first);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  void prune_deletesNothing_whereALinkLiesInAnIncrement() throws Exception {
    Path deep = inIncrement(0, "deep");
    Files.move(deep, elsewhere.resolve("deep"));
    Files.createSymbolicLink(deep, elsewhere.resolve("deep"));
    Map<String, String> before = TreeText.of(elsewhere);

    assertThat(prune().hindrance()).isEmpty();

    assertThat(TreeText.of(elsewhere)).isEqualTo(before);
    assertThat(deep).isSymbolicLink();
  }

  @Test
  void prune_isNoSuccess_whereAnIncrementCannotBeReached() throws Exception {
    String name = increments().get(0).getFileName().toString();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, name, Errno.EACCES);
    fixture.with(posix);
    assertThatThrownBy(this::prune)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining(Errno.EACCES.text());
    assertThat(posix.openObjects()).isEmpty();
    posix = FaultyPosix.ofSystem();
    posix.failOn(Call.UNLINK, inIncrement(0, "deep/in/file").toString(), Errno.EPERM);
    fixture.with(posix);
    assertThat(prune().deleted()).as("what is begun cannot be finished yet").isZero();
    fixture.with(Posix.ofSystem());

    prune();

    assertThat(increments()).isEmpty();
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  @Test
  void prune_leavesAnIncrement_thatHoldsWhatNobodyKnows() throws Exception {
    Path unknown = Files.writeString(inIncrement(0, "deep").resolve("by hand"), "x");

    prune();

    assertThat(unknown).hasContent("x");
    assertThat(increments()).hasSize(1);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  /** A file system may answer in either way where a link lies instead of a directory. */
  @Test
  void increment_isNotOurs_whereTheSystemFindsALink() throws Exception {
    Path unknown = Files.createDirectory(fixture.target.resolve(UNKNOWN));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, UNKNOWN, Errno.ELOOP);
    assertThatThrownBy(fixture.with(posix)::run)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(unknown + ": an increment that the catalogue does not know");
    Files.delete(unknown);
    String first = increments().get(0).getFileName().toString();
    posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, first, Errno.ELOOP);
    fixture.with(posix);

    assertThat(prune().hindrance()).isEmpty();

    assertThat(increments()).as("what lies there now is not ours to delete").isNotEmpty();
    assertThat(posix.openObjects()).isEmpty();
  }

  /** What cannot be reached now is not forgotten: the next prune finishes it. */
  @Test
  void prune_isTakenUpAgain_whereADirectoryOfAnIncrementCannotBeOpened() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, inIncrement(0, "deep/in").toString(), Errno.EACCES);
    fixture.with(posix);
    assertThatThrownBy(this::prune)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining(Errno.EACCES.text());
    assertThat(posix.openObjects()).isEmpty();
    assertThat(inIncrement(0, "deep/in/file")).hasContent("of day 1");
    fixture.with(Posix.ofSystem());

    prune();

    assertThat(increments()).isEmpty();
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }
}
