package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Sources that hold the target or lie in it, however that is hidden. */
@EnabledOnOs(OS.LINUX)
@Tag("small-rule-5")
final class SourceOverlapTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "file", "1");
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void mounted(Path what, Path where, Work work) throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Shell.run("mount", "--bind", what.toString(), where.toString());
    try {
      work.run();
    } finally {
      Shell.run("umount", where.toString());
    }
  }

  @Test
  void run_isRefused_whereABindMountShowsWhatLiesInTheTarget() throws Exception {
    Path inside = Files.createDirectories(fixture.target.resolve("some/where"));
    Path shown = Files.createDirectory(scratch.resolve("shown"));
    mounted(
        inside,
        shown,
        () ->
            assertThatThrownBy(() -> fixture.run(fixture.source, shown))
                .isInstanceOf(BackupException.class)
                .hasMessage(
                    "BACKUPDIRS: %s lies in the target %s; take it out", shown, fixture.target));
    assertThat(fixture.target.resolve(Target.OWN)).doesNotExist();
  }

  @Test
  void run_isRefused_whereTheTargetIsABindMountOfAPlaceInTheSource() throws Exception {
    Path disk = Files.createDirectories(fixture.source.resolve("disk"));
    mounted(
        disk,
        fixture.target,
        () -> {
          assertThatThrownBy(() -> fixture.run())
              .isInstanceOf(BackupException.class)
              .hasMessageStartingWith(
                  "BACKUPDIRS: " + fixture.source + " contains the target " + fixture.target);
          assertThat(fixture.target).isEmptyDirectory();
        });
  }

  @Test
  void run_isRefused_forTheWholeFileSystem_withTheTargetOnIt(@TempDir Path onDisk)
      throws Exception {
    fixture = new EngineFixture(onDisk);
    Source root =
        new Source(
            EngineFixture.filePath(Path.of("/")),
            EntryFilter.NONE,
            new Omissions(true, false, List.of(), Omissions.UNLIMITED),
            Source.Own.NOTHING);
    assumeTrue(
        Files.getAttribute(onDisk, "unix:dev").equals(Files.getAttribute(Path.of("/"), "unix:dev")),
        "scratch directories are on another file system");
    assertThatThrownBy(() -> fixture.run(List.of(root)))
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith("BACKUPDIRS: / contains the target " + fixture.target);
  }

  /** An ordinary user may not be let into directories far above. */
  @Test
  void run_looksAsFarUpAsItIsLet_andNoErrorIsTakenForThat() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, "..", Errno.EACCES);
    assertThat(fixture.with(posix).run().verdict()).isEqualTo(Verdict.GOOD);

    posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_DIRECTORY, "..", Errno.EIO);
    fixture.with(posix);
    assertThatThrownBy(() -> fixture.run()).hasMessageContaining("input/output error");
    assertThat(posix.openObjects()).isEmpty();
  }
}
