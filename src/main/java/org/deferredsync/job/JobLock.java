package org.deferredsync.job;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Held by the one job that runs with a configuration file. The kernel releases it however the
 * process ends; the file stays and says who held it last.
 */
final class JobLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Logging.JOB);
  private static final Duration LOOK = Duration.ofMillis(200);

  private final Closeable file;
  private final String key;

  /**
   * @param file open and locked
   */
  JobLock(Closeable file, String key) {
    this.file = file;
    this.key = key;
  }

  /** What files of this configuration's job are named by. */
  String key() {
    return key;
  }

  private static String key(Path configuration) throws IOException {
    byte[] name = configuration.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name);
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Takes the lock, waiting for it up to {@code patience}.
   *
   * @throws PluginException if another run holds it: failure, naming process and start
   */
  static JobLock take(Path directory, Path configuration, Duration patience, OffsetDateTime now)
      throws IOException, PluginException, InterruptedException {
    String key = key(configuration);
    Path file = directory.resolve(key + ".lock");
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      FileChannel channel = tryTake(file);
      if (channel != null) {
        sign(channel, configuration, now);
        return new JobLock(channel, key);
      }
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new PluginException(
            ReturnCode.FAILURE,
            configuration
                + ": another run is in progress ("
                + holder(file)
                + "); nothing was run.");
      }
      Thread.sleep(Math.max(1, Math.min(left, LOOK.toNanos()) / 1_000_000));
    }
  }

  private static @Nullable FileChannel tryTake(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    boolean taken = false;
    try {
      Object opened = identity(file);
      FileLock lock = channel.tryLock();
      // Somebody may have removed the file in between: a lock on it would exclude nobody.
      taken = lock != null && Files.exists(file) && Objects.equals(opened, identity(file));
      return taken ? channel : null;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static @Nullable Object identity(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  private static void sign(FileChannel channel, Path configuration, OffsetDateTime now)
      throws IOException {
    String text =
        "pid "
            + ProcessHandle.current().pid()
            + ", since "
            + now.truncatedTo(ChronoUnit.SECONDS)
            + "\n"
            + configuration
            + "\n";
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
  }

  private static String holder(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    String line = text.lines().findFirst().orElse("");
    return line.isEmpty() ? "just started" : Printable.of(line);
  }

  /** The job is over by now: the kernel releases at our end what could not be released before. */
  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      LOG.debug("The lock is released when this process ends: {}.", e.getMessage());
    }
  }
}
