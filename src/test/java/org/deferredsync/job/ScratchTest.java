package org.deferredsync.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScratchTest {
  @TempDir Path parent;

  private Path outside() throws IOException {
    Path outside = Files.createDirectory(parent.resolve("outside"));
    Files.writeString(outside.resolve("file"), "stays");
    return outside;
  }

  private static void fill(Path directory, Path outside) throws IOException {
    Files.createDirectories(directory.resolve("push-1/below"));
    Files.writeString(directory.resolve("push-1/below/list"), "of a push");
    Files.createSymbolicLink(directory.resolve("push-1/link"), outside);
    Files.createSymbolicLink(directory.resolve("link"), outside);
    Files.writeString(directory.resolve("secrets"), "");
  }

  @Test
  void in_removesAllThatAKilledJobHasLeft_andFollowsNoLink() throws Exception {
    Path outside = outside();
    fill(Files.createDirectory(parent.resolve("key.tmp")), outside);

    try (Scratch scratch = Scratch.in(parent, "key")) {
      assertThat(scratch.directory()).isEqualTo(parent.resolve("key.tmp")).isEmptyDirectory();
    }
    assertThat(parent.resolve("key.tmp")).doesNotExist();
    assertThat(outside.resolve("file")).hasContent("stays");
  }

  @Test
  void close_removesAllThatWasMade() throws Exception {
    Path outside = outside();
    try (Scratch scratch = Scratch.in(parent, "key")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(scratch.directory())))
          .isEqualTo("rwx------");
      fill(scratch.directory(), outside);
    }
    assertThat(parent.resolve("key.tmp")).doesNotExist();
    assertThat(outside.resolve("file")).hasContent("stays");
  }
}
