package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deferredsync.fs.FaultyPosix.Call;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The rest is in the contract test: {@link NioPosix} has no other way to rename. */
@EnabledOnOs(OS.LINUX)
final class PlainRenameTest {
  @TempDir Path root;
  private FaultyPosix posix = FaultyPosix.ofSystem();
  private int directory;

  @BeforeEach
  void open() throws IOException {
    posix = FaultyPosix.ofSystem();
    directory = posix.openPath(root.toString().getBytes(UTF_8));
    Files.writeString(root.resolve("a"), "text");
    Files.writeString(root.resolve("taken"), "kept");
  }

  @Test
  void renameNew_looksFirst_whereThereAreNoHardLinks() throws IOException {
    posix.failAlways(Call.LINK, Errno.EPERM);
    refused(Errno.EEXIST, () -> renameNew("a", "taken"));
    renameNew("a", "b");
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("b", "taken");
    assertThat(root.resolve("taken")).hasContent("kept");
  }

  @Test
  void renameNew_takesTheNewNameBack_ifTheOldOneStays() {
    posix.failAt(Call.UNLINK, 1, Errno.EACCES);
    refused(Errno.EACCES, () -> renameNew("a", "b"));
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("a", "taken");
  }

  @Test
  void renameNew_doesNotHide_whyALinkWasRefused() {
    posix.failAlways(Call.LINK, Errno.ENOSPC);
    refused(Errno.ENOSPC, () -> renameNew("a", "b"));
    assertThat(root.toFile().list()).containsExactlyInAnyOrder("a", "taken");
  }

  private void renameNew(String from, String to) throws IOException {
    PlainRename.renameNew(posix, directory, from.getBytes(UTF_8), directory, to.getBytes(UTF_8));
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
