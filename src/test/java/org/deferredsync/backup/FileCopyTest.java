package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Random;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.ContentHash;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileCopyTest {
  @TempDir private Path scratch;

  @Test
  void read_writesWhatItHashed_whenTheFileIsCutInItsHole() throws Exception {
    Path file = scratch.resolve("log");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap("the end".getBytes(StandardCharsets.UTF_8)), 1 << 20);
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.READ,
        "log",
        () -> {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(1 << 20);
          }
        });

    Reading reading;
    try (ContentDigest digest = ContentDigest.inline()) {
      reading = copy(posix, digest, "log");
    }

    assertThat(reading.still()).isFalse();
    assertThat(reading.hash()).isEqualTo(hashOf(scratch.resolve("copy")));
    assertThat(reading.size()).isEqualTo(Files.size(scratch.resolve("copy")));
  }

  @Test
  void read_hashesLargeFilesBesideCopying_oneAfterTheOther() throws Exception {
    long seed = Long.getLong("copy.seed", System.nanoTime());
    System.out.println("large files: -Dcopy.seed=" + seed);
    Random random = new Random(seed);
    try (ContentDigest digest = ContentDigest.beside()) {
      for (int i = 0; i < 4; i++) {
        byte[] bytes = new byte[(int) ContentDigest.LONG + random.nextInt(9 << 20)];
        random.nextBytes(bytes);
        Files.write(scratch.resolve("large"), bytes);

        Reading reading = copy(Posix.ofSystem(), digest, "large");

        assertThat(reading.hash()).isEqualTo(hashOf(scratch.resolve("large")));
        assertThat(Files.mismatch(scratch.resolve("copy"), scratch.resolve("large"))).isEqualTo(-1);
        Files.delete(scratch.resolve("copy"));
      }
    }
  }

  private Reading copy(Posix posix, ContentDigest digest, String name) throws Exception {
    int directory = OpenTarget.openRoot(posix, EngineFixture.filePath(scratch));
    int from = posix.openFile(directory, name.getBytes(StandardCharsets.UTF_8));
    int to = posix.createFile(directory, "copy".getBytes(StandardCharsets.UTF_8), 0600);
    try {
      return new FileCopy(posix, Clock.systemUTC(), Progress.NONE, digest).read(from, to);
    } finally {
      posix.close(from);
      posix.close(to);
      posix.close(directory);
    }
  }

  private static ContentHash hashOf(Path file) throws Exception {
    return new ContentHash(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
