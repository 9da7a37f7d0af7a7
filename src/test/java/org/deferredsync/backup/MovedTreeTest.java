package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Moved files, linked under both names for a push, and those that cannot be. */
@EnabledOnOs(OS.LINUX)
final class MovedTreeTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private final FaultyPosix posix = FaultyPosix.ofSystem();
  private EngineFixture fixture;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "new", "bytes");
    ChangingTree.write(fixture.source, "other", "others");
    fixture.run();
  }

  private Target open() throws IOException {
    FilePath path = EngineFixture.filePath(fixture.target);
    return Target.open(posix, path, posix.openPath(path.bytes()));
  }

  private FilePath inSource(String name) {
    return EngineFixture.filePath(fixture.source.resolve(name));
  }

  private Path in(MovedTree tree, String name) {
    return fixture
        .target
        .resolve(tree.path().toString().substring(1))
        .resolve(inSource(name).toString().substring(1));
  }

  @Test
  void file_isThereUnderBothNames_untilAllIsCleared() throws Exception {
    try (Target target = open()) {
      try (MovedTree tree = MovedTree.make(posix, target, "1")) {
        assertThat(tree.add(inSource("old/name"), inSource("new"))).isTrue();

        assertThat(in(tree, "old/name")).hasContent("bytes");
        assertThat(Files.isSameFile(in(tree, "old/name"), in(tree, "new"))).isTrue();
        assertThat(tree.add(inSource("new/deep"), inSource("other")))
            .as("in a directory that is a file")
            .isFalse();
        assertThat(tree.add(inSource("new"), inSource("other"))).as("a name twice").isFalse();
      }
      MovedTree.clear(posix, target);
    }
    assertThat(fixture.target.resolve(Target.OWN).resolve("moved")).doesNotExist();
    assertThat(posix.openObjects()).isEmpty();
    TargetChecks.sound(fixture);
  }

  @ParameterizedTest
  @EnumSource(
      value = Errno.class,
      names = {"EMLINK", "ENOSPC", "EEXIST", "ENOTDIR", "EPERM", "EIO"})
  void file_isToBeSent_whereItCannotBeLinked_butTroubleIsToldAsSuch(Errno errno) throws Exception {
    posix.failAlways(Call.LINK, errno);
    try (Target target = open()) {
      try (MovedTree tree = MovedTree.make(posix, target, "1")) {
        if (errno == Errno.EIO) {
          assertThatThrownBy(() -> tree.add(inSource("old"), inSource("new")))
              .hasMessageContaining("input/output error");
        } else {
          assertThat(tree.add(inSource("old"), inSource("new"))).isFalse();
        }
      }
      MovedTree.clear(posix, target);
    }
    assertThat(posix.openObjects()).isEmpty();
  }
}
