package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class JobLogTest {
  @TempDir Path directory;

  private final ByteArrayOutputStream complaints = new ByteArrayOutputStream();

  private JobLog open(Path path) throws IOException {
    return JobLog.open(path, new PrintStream(complaints, true, StandardCharsets.UTF_8));
  }

  @Test
  void open_makesFileForItsUserAlone() throws IOException {
    Path path = directory.resolve("sync.log");
    open(path).close();

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
  }

  @Test
  void open_keepsModeAndContentsOfFile() throws IOException {
    Path path = Files.writeString(directory.resolve("sync.log"), "before\n");
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
    try (JobLog log = open(path)) {
      log.write("after");
    }

    assertThat(path).hasContent("before\nafter\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-r-----");
  }

  @Test
  void write_followsName_whenFileWasMovedAway() throws Exception {
    Path path = directory.resolve("sync.log");
    Path old = directory.resolve("sync.log.1");
    try (JobLog log = open(path)) {
      log.write("one");
      Files.move(path, old);
      Thread.sleep(150);
      log.write("two");
      Files.move(path, directory.resolve("sync.log.0"));
      Files.createFile(path);
      Thread.sleep(150);
      log.write("three");
    }

    assertThat(old).hasContent("one\n");
    assertThat(directory.resolve("sync.log.0")).hasContent("two\n");
    assertThat(path).hasContent("three\n");
  }

  @Test
  void write_goesOn_whenThreadIsInterrupted() throws Exception {
    Path path = directory.resolve("sync.log");
    try (JobLog log = open(path)) {
      Thread.currentThread().interrupt();
      log.write("one");
      assertThat(Thread.interrupted()).isTrue();
      log.write("two");
    }
    assertThat(path).hasContent("one\ntwo\n");
  }

  @Test
  void write_complainsOnce_whenItCannot() throws Exception {
    Path path = directory.resolve("sync.log");
    try (JobLog log = open(path)) {
      Files.delete(path);
      Files.createDirectory(path);
      Thread.sleep(150);
      log.write("one");
      log.write("two");
      Thread.sleep(150);
      log.write("three");
    }
    assertThat(complaints.toString(StandardCharsets.UTF_8).lines())
        .singleElement()
        .asString()
        .contains("cannot write the log, the run goes on");
  }

  @Test
  void open_refusesWhatIsNoFile() throws Exception {
    Path fifo = directory.resolve("fifo");
    new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor();

    assertThatThrownBy(() -> open(fifo)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> open(directory)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> open(directory.resolve("absent/sync.log")))
        .isInstanceOf(IOException.class);
    open(Path.of("/dev/null")).close();
  }
}
