package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.fs.FaultyPosix.Call;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class AtomicFileTest {
  private static final byte[] NAME = {'m', 'a', 'r', 'k'};

  @TempDir Path root;
  private FaultyPosix posix = FaultyPosix.ofSystem();
  private int directory;

  @BeforeEach
  void open() throws IOException {
    posix = FaultyPosix.ofSystem();
    directory = posix.openPath(root.toString().getBytes(UTF_8));
  }

  @Test
  void write_putsTheContentThere_syncedBeforeAndAfterTheRename() throws IOException {
    write("first", 0640);
    assertThat(read()).isEqualTo("first");
    assertThat(posix.stat(directory, NAME).permissions()).isEqualTo(0640);
    assertThat(posix.changes())
        .containsExactly(
            "CREATE_FILE " + root + "/mark.new",
            "WRITE " + root + "/mark.new",
            "SYNC " + root + "/mark.new",
            "RENAME " + root + "/mark.new " + root + "/mark",
            "SYNC " + root);
    write("second, and longer than the first", 0600);
    assertThat(read()).isEqualTo("second, and longer than the first");
    assertThat(posix.openObjects()).containsExactly(root.toString());
  }

  @Test
  void write_leavesTheOldContentOrTheNew_whereverItIsKilled() throws IOException {
    for (int call = 1; call <= 5; call++) {
      for (boolean before : new boolean[] {true, false}) {
        open();
        write("old", 0600);
        int made = posix.mutations();
        if (before) {
          posix.crashBefore(made + call);
        } else {
          posix.crashAfter(made + call);
        }
        assertThatThrownBy(() -> write("new", 0600)).isInstanceOf(CrashError.class);
        posix.endProcess();
        open();
        assertThat(read()).isEqualTo(call > 4 || (call == 4 && !before) ? "new" : "old");
        write("next", 0600);
        assertThat(read()).isEqualTo("next");
        assertThat(root.toFile().list()).containsExactly("mark");
      }
    }
  }

  @Test
  void write_leavesNothingBehind_whenACallFails() throws IOException {
    write("old", 0600);
    for (Call call : List.of(Call.CREATE_FILE, Call.WRITE, Call.SYNC, Call.CLOSE, Call.RENAME)) {
      posix.failAt(call, 1, Errno.ENOSPC);
      assertThatThrownBy(() -> write("new", 0600))
          .as(call.toString())
          .isInstanceOfSatisfying(
              PosixException.class, e -> assertThat(e.is(Errno.ENOSPC)).isTrue());
      assertThat(root.toFile().list()).containsExactly("mark");
      assertThat(read()).isEqualTo("old");
    }
    assertThat(posix.openObjects()).containsExactly(root.toString());
  }

  @Test
  void write_replacesALink_andLeavesItsTarget() throws IOException {
    Files.writeString(root.resolve("target"), "kept");
    Files.createSymbolicLink(root.resolve("mark"), Path.of("target"));
    Files.createSymbolicLink(root.resolve("mark.new"), Path.of("target"));
    write("new", 0600);
    assertThat(read()).isEqualTo("new");
    assertThat(Files.readString(root.resolve("target"))).isEqualTo("kept");
  }

  @Test
  void read_refusesWhatIsTooLongOrNoRegularFile() throws IOException {
    Files.write(root.resolve("mark"), new byte[20_000]);
    assertThat(AtomicFile.read(posix, directory, NAME, 20_000)).hasSize(20_000);
    assertThatThrownBy(() -> AtomicFile.read(posix, directory, NAME, 19_999))
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.is(Errno.EFBIG)).isTrue());
    Files.createDirectory(root.resolve("directory"));
    assertThatThrownBy(() -> AtomicFile.read(posix, directory, "directory".getBytes(UTF_8), 10))
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.is(Errno.EINVAL)).isTrue());
    assertThat(posix.openObjects()).containsExactly(root.toString());
  }

  private void write(String content, int mode) throws IOException {
    AtomicFile.write(posix, directory, NAME, content.getBytes(UTF_8), mode);
  }

  private String read() throws IOException {
    return new String(AtomicFile.read(posix, directory, NAME, 1000), UTF_8);
  }
}
