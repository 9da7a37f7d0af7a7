package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.LockFile.Attempt;
import org.deferredsync.fs.LockFile.Held;
import org.deferredsync.fs.LockFile.Taken;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class LockFileTest {
  private static final Instant START = Instant.parse("2026-03-04T05:06:07.890Z");

  @TempDir Path root;
  private Path path = Path.of("/");
  private FaultyPosix posix = FaultyPosix.ofSystem();

  @BeforeEach
  void open() {
    posix = FaultyPosix.ofSystem();
    path = root.resolve("job.lock");
  }

  @Test
  void tryTake_makesThePrivateFile_andSaysWhoHoldsIt() throws IOException {
    int umask = Umask.umask(0);
    try (LockFile lock = taken(tryTake(123))) {
      assertThat(lock).isNotNull();
      assertThat(path).hasContent("123 2026-03-04T05:06:07Z\n");
      assertThat(Files.getAttribute(path, "unix:mode")).isEqualTo(Stat.REGULAR | 0600);
      assertThat(tryTake(456)).isEqualTo(new Held("123 2026-03-04T05:06:07Z"));
      assertThat(path).hasContent("123 2026-03-04T05:06:07Z\n");
    } finally {
      Umask.umask(umask);
    }
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void close_givesItBack_once() throws IOException {
    LockFile lock = taken(tryTake(1));
    lock.close();
    lock.close();
    taken(tryTake(22)).close();
    assertThat(path).hasContent("22 2026-03-04T05:06:07Z\n");
  }

  /** As a child has it that another thread is starting, until it becomes its program. */
  @Test
  void close_givesItBack_thoughSomebodyHasACopyOfTheDescriptor() throws IOException {
    int[] copy = {-1};
    posix.before(Call.CLOSE, "job.lock", () -> copy[0] = Descriptors.copyOf(path));
    taken(tryTake(1)).close();
    try (LockFile again = taken(tryTake(2))) {
      assertThat(again).isNotNull();
    } finally {
      assertThat(Descriptors.close(copy[0])).isZero();
    }
  }

  @Test
  @Tag("small-rule-6")
  void tryTake_holdsWithoutItsText_onAFullDisk() throws IOException {
    Files.writeString(path, "99 of long ago\n");
    posix.failAt(Call.WRITE, 1, Errno.ENOSPC);
    LockFile lock = taken(tryTake(1));
    assertThat(tryTake(2)).isEqualTo(new Held(""));
    lock.close();
  }

  @Test
  void tryTake_locksTheFileThatIsThere_whenTheOldOneWasRemovedMeanwhile() throws IOException {
    posix.before(Call.LOCK, "job.lock", () -> Files.delete(path));
    try (LockFile lock = taken(tryTake(1))) {
      assertThat(lock).isNotNull();
      assertThat(tryTake(2)).isInstanceOf(Held.class);
    }
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void tryTake_isFree_onceTheHolderWasKilled() throws Exception {
    Process holder = LockHolder.start(root, "job.lock", true);
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), UTF_8))) {
      assertThat(said.readLine()).isEqualTo("held");
      assertThat(tryTake(1)).isEqualTo(new Held(""));
    } finally {
      holder.destroyForcibly().waitFor();
    }
    taken(tryTake(1)).close();
  }

  @Test
  void tryTake_printsAForgedText_harmlessly() throws IOException {
    LockFile lock = taken(tryTake(1));
    Files.writeString(path, "1\n[INFO] all is well\u001b[2J\n");
    assertThat(tryTake(2)).isEqualTo(new Held("1\\x0a[INFO] all is well\\x1b[2J"));
    lock.close();
  }

  @Test
  void tryTake_refusesALink_andAnAbsentDirectory() throws IOException {
    Files.createSymbolicLink(path, Path.of("elsewhere"));
    assertThatThrownBy(() -> tryTake(1))
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.is(Errno.ELOOP)).isTrue());
    path = root.resolve("absent/job.lock");
    assertThatThrownBy(() -> tryTake(1))
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.is(Errno.ENOENT)).isTrue());
    assertThat(root.resolve("elsewhere")).doesNotExist();
    assertThat(posix.openObjects()).isEmpty();
  }

  private Attempt tryTake(long pid) throws IOException {
    return LockFile.tryTake(posix, path.toString().getBytes(UTF_8), pid, START);
  }

  private static LockFile taken(Attempt attempt) {
    assertThat(attempt).isInstanceOf(Taken.class);
    return ((Taken) attempt).lock();
  }
}
