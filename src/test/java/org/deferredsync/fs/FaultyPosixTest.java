package org.deferredsync.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.deferredsync.fs.FaultyPosix.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Left alone, the twin does what the real one does; told to, it fails where it was told. */
@EnabledOnOs(OS.LINUX)
final class FaultyPosixTest extends PosixContractTest {
  @Override
  Posix newPosix() {
    return FaultyPosix.ofSystem();
  }

  @Override
  Set<Lack> lacks() {
    return Set.of();
  }

  private FaultyPosix faulty() {
    return (FaultyPosix) posix();
  }

  @Test
  void crashBefore_leavesTheCallUndone_andNothingIsCalledAfterIt() throws IOException {
    FaultyPosix posix = faulty();
    posix.crashBefore(2);
    posix.makeDirectory(directory(), bytes("a"), 0700);
    assertThatThrownBy(() -> posix.makeDirectory(directory(), bytes("b"), 0700))
        .isInstanceOf(CrashError.class)
        .hasMessageContaining("MAKE_DIRECTORY")
        .hasMessageContaining("2");
    assertThatThrownBy(() -> posix.stat(directory())).isInstanceOf(CrashError.class);
    assertThatThrownBy(() -> posix.close(directory())).isInstanceOf(CrashError.class);
    assertThat(root.resolve("a")).exists();
    assertThat(root.resolve("b")).doesNotExist();
    buryAndOpenAgain();
  }

  @Test
  void crashAfter_hasMadeTheCall() throws IOException {
    FaultyPosix posix = faulty();
    posix.crashAfter(1);
    assertThatThrownBy(() -> posix.makeDirectory(directory(), bytes("a"), 0700))
        .isInstanceOf(CrashError.class);
    assertThatThrownBy(() -> posix.unlink(directory(), bytes("a"))).isInstanceOf(CrashError.class);
    assertThat(root.resolve("a")).exists();
    buryAndOpenAgain();
  }

  @Test
  void endProcess_endsTheLocksOfTheDead() throws IOException {
    FaultyPosix posix = faulty();
    int lock = posix.openOwn(directory(), bytes("lock"), 0600);
    assertThat(posix.lock(lock, 0, true)).isTrue();
    posix.crashBefore(2);
    assertThatThrownBy(() -> posix.truncate(lock, 5)).isInstanceOf(CrashError.class);
    posix.endProcess();
    assertThat(posix.openObjects()).isEmpty();
    openRoot();
    int again = posix().openOwn(directory(), bytes("lock"), 0600);
    assertThat(posix().lock(again, 0, true)).isTrue();
    posix().close(again);
  }

  /** The dead one's descriptors go, and the test's frame gets a living one to close. */
  private void buryAndOpenAgain() throws IOException {
    faulty().endProcess();
    openRoot();
  }

  @Test
  void failAt_strikesTheNumberedCallAlone() throws IOException {
    FaultyPosix posix = faulty();
    posix.failAt(Call.MAKE_DIRECTORY, 2, Errno.ENOSPC);
    posix.makeDirectory(directory(), bytes("a"), 0700);
    assertRefused(Errno.ENOSPC, () -> posix.makeDirectory(directory(), bytes("b"), 0700));
    assertThat(root.resolve("b")).doesNotExist();
    posix.makeDirectory(directory(), bytes("b"), 0700);
    assertThat(posix.mutations()).isEqualTo(3);
  }

  @Test
  void failOn_strikesEachCallOnThatName_untilHealed() throws IOException {
    FaultyPosix posix = faulty();
    Files.createDirectory(root.resolve("broken"));
    Files.writeString(root.resolve("secret"), "x");
    Files.writeString(root.resolve("open"), "x");
    posix.failOn(Call.OPEN_FILE, "secret", Errno.EACCES);
    posix.failOn(Call.LIST, "broken", Errno.EIO);
    for (int i = 0; i < 2; i++) {
      assertRefused(Errno.EACCES, () -> posix.openFile(directory(), bytes("secret")));
    }
    posix.close(posix.openFile(directory(), bytes("open")));
    int broken = posix.openDirectory(directory(), bytes("broken"));
    assertRefused(Errno.EIO, () -> posix.list(broken, entry -> {}));
    posix.heal();
    posix.list(broken, entry -> {});
    posix.close(posix.openFile(directory(), bytes("secret")));
    posix.close(broken);
  }

  @Test
  void aFailingClose_closesAllTheSame() throws IOException {
    FaultyPosix posix = faulty();
    int opened = posix.openPath(bytes(root.toString()));
    posix.failAlways(Call.CLOSE, Errno.EIO);
    assertRefused(Errno.EIO, () -> posix.close(opened));
    posix.heal();
    assertRefused(Errno.EBADF, () -> posix.stat(opened));
    assertThat(posix.openObjects()).containsExactly(root.toString());
  }

  @Test
  void before_changesTheWorldOnce() throws IOException {
    FaultyPosix posix = faulty();
    Files.writeString(root.resolve("file"), "x");
    List<String> done = new ArrayList<>();
    posix.before(
        Call.OPEN_FILE,
        "file",
        () -> {
          done.add("gone");
          Files.delete(root.resolve("file"));
        });
    assertThat(posix.stat(directory(), bytes("file")).isRegular()).isTrue();
    assertRefused(Errno.ENOENT, () -> posix.openFile(directory(), bytes("file")));
    assertRefused(Errno.ENOENT, () -> posix.openFile(directory(), bytes("file")));
    assertThat(done).containsExactly("gone");
  }

  @Test
  void log_namesCallsAndObjectsInOrder_andOpenDescriptors() throws IOException {
    FaultyPosix posix = faulty();
    posix.makeDirectory(directory(), bytes("a"), 0700);
    int a = posix.openDirectory(directory(), bytes("a"));
    int file = posix.createFile(a, bytes("f"), 0600);
    posix.write(file, bytes("x"), 0, 1);
    posix.rename(a, bytes("f"), directory(), bytes("g"));
    assertThat(posix.changes())
        .containsExactly(
            "MAKE_DIRECTORY " + root + "/a",
            "CREATE_FILE " + root + "/a/f",
            "WRITE " + root + "/a/f",
            "RENAME " + root + "/a/f " + root + "/g");
    assertThat(posix.log()).hasSize(6);
    assertThat(posix.mutations()).isEqualTo(4);
    assertThat(posix.openObjects())
        .containsExactlyInAnyOrder(root.toString(), root + "/a", root + "/a/f");
    posix.close(file);
    posix.close(a);
    assertThat(posix.openObjects()).containsExactly(root.toString());
  }

  private static void assertRefused(
      Errno errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
