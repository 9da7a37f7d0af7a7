package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.deferredsync.cli.Operator.Ran;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A disk of the log that is full is named, and stops no backup. */
@EnabledOnOs(OS.LINUX)
final class FullLogIT {
  @TempDir private Path scratch;

  @Test
  void run_backsUp_whenTheLogCannotTakeARecord() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a small disk");
    try (Operator operator = new Operator(scratch)) {
      Path source = Files.createDirectory(operator.scratch.resolve("source"));
      Files.writeString(source.resolve("file"), "content");
      operator.configure("BACKUPDIRS=" + source);
      Path directory = Objects.requireNonNull(operator.log.getParent());
      assumeTrue(
          shell("mount", "-t", "tmpfs", "-o", "size=64k,mode=0755", "none", directory.toString())
              == 0,
          "this system lets nobody mount");
      try {
        Files.createFile(operator.log);
        fill(directory.resolve("filler"));

        Ran ran = operator.run("run");

        assertThat(ran.err())
            .containsOnlyOnce(operator.log + ": cannot write the log, the run goes on: ");
        assertThat(ran.status()).isZero();
        assertThat(operator.target.resolve(source.toString().substring(1)).resolve("file"))
            .hasContent("content");
      } finally {
        shell("umount", directory.toString());
      }
    }
  }

  private static int shell(String... command) throws Exception {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  private static void fill(Path file) throws IOException {
    try (OutputStream filler = Files.newOutputStream(file)) {
      while (true) {
        filler.write(new byte[4096]);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }
}
