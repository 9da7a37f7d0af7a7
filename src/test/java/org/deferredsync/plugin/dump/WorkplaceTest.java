package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class WorkplaceTest {
  private static final String PREFIX = "place-";

  @TempDir private Path parent;
  private final Posix posix = Posix.ofSystem();
  private final List<Path> emptied = new ArrayList<>();

  private Workplace make(Posix system) throws IOException {
    return Workplace.in(system, parent, PREFIX, emptied::add);
  }

  @Test
  void place_isOurs_andGoneWithItsFiles() throws Exception {
    try (Workplace place = make(posix)) {
      assertThat(Files.getPosixFilePermissions(place.path()))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
      Files.writeString(place.path().resolve("file"), "x");
      Files.createDirectory(place.path().resolve("directory"));
    }
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void leftover_ofAKilledProcess_goes_andNothingElse() throws Exception {
    FaultyPosix dying = FaultyPosix.ofSystem();
    Path left = make(dying).path();
    Files.writeString(left.resolve("file"), "x");
    Path outside = Files.writeString(parent.resolve("outside"), "untouched");
    Files.createSymbolicLink(left.resolve("link"), outside);
    Path like = Files.createDirectory(parent.resolve(PREFIX + "0123456789abcdef"));
    Files.createFile(like.resolve("file"));
    Path half = Files.createDirectory(parent.resolve(PREFIX + "fedcba9876543210"));
    Path notes = Files.createDirectory(parent.resolve(PREFIX + "notes"));
    Files.createFile(notes.resolve("lock"));
    Path link = Files.createSymbolicLink(parent.resolve(PREFIX + "00000000ffffffff"), left);

    try (Workplace living = make(posix)) {
      assertThat(left).exists();
      dying.endProcess();
      try (Workplace next = make(posix)) {
        assertThat(emptied).containsExactly(left);
        assertThat(left).doesNotExist();
        assertThat(living.path()).isDirectoryContaining("glob:**/lock");
        assertThat(next.path()).exists();
      }
    }
    assertThat(outside).hasContent("untouched");
    assertThat(like).exists();
    assertThat(half).as("removed by a process that ended before its last step").doesNotExist();
    assertThat(notes).exists();
    assertThat(Files.isSymbolicLink(link)).isTrue();
  }

  @Test
  void leftover_ofAnotherUser_staysWhereItIs() throws Exception {
    if (posix.effectiveUser() != 0) {
      return; // only root can make one
    }
    FaultyPosix dying = FaultyPosix.ofSystem();
    Path left = make(dying).path();
    dying.endProcess();
    Files.setAttribute(left, "unix:uid", 65534);
    make(posix).close();
    assertThat(left).exists();
    assertThat(emptied).isEmpty();
  }

  @Test
  void place_thatCannotBeRemoved_isNamed() throws Exception {
    Workplace place = make(posix);
    Files.createDirectories(place.path().resolve("full/directory"));
    assertThatThrownBy(place::close)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(place.path() + " cannot be removed, remove it: ");
  }
}
