package org.deferredsync.fs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.deferredsync.logging.Printable;

/**
 * An exclusive lock on a file of ours, held until {@link #close} or the end of the process, however
 * that ends. The file stays; its text, {@code PID START-TIME}, is for people only.
 */
public final class LockFile implements AutoCloseable {
  private static final int MODE = 0600;
  private static final int TEXT_LENGTH = 200;

  private final Posix posix;
  private final int file;
  private boolean closed;

  private LockFile(Posix posix, int file) {
    this.posix = posix;
    this.file = file;
  }

  /** What came of an attempt. */
  public sealed interface Attempt {}

  /** The lock is ours. */
  public record Taken(LockFile lock) implements Attempt {}

  /**
   * Somebody else has it.
   *
   * @param holder the text in the file, printable; empty if the holder could not write it
   */
  public record Held(String holder) implements Attempt {}

  /**
   * Tries once, without waiting; makes the file, readable by its owner only, if it is absent.
   *
   * @param pid of this process, and since when it runs: who holds the lock, for people
   */
  public static Attempt tryTake(Posix posix, int directory, byte[] name, long pid, Instant start)
      throws IOException {
    while (true) {
      int file = posix.openOwn(directory, name, MODE);
      boolean kept = false;
      try {
        if (!posix.lock(file, 0, true)) {
          return new Held(text(posix, file));
        }
        if (isStillAt(posix, file, directory, name)) {
          kept = true;
          sign(posix, file, pid + " " + start.truncatedTo(ChronoUnit.SECONDS) + "\n");
          return new Taken(new LockFile(posix, file));
        }
      } finally {
        if (!kept) {
          posix.close(file);
        }
      }
    }
  }

  /** The same for an absolute path, whose directory must exist. */
  public static Attempt tryTake(Posix posix, byte[] absolutePath, long pid, Instant start)
      throws IOException {
    int slash = absolutePath.length - 1;
    while (slash >= 0 && absolutePath[slash] != '/') {
      slash--;
    }
    byte[] name = Arrays.copyOfRange(absolutePath, slash + 1, absolutePath.length);
    int directory = posix.openPath(Arrays.copyOf(absolutePath, Math.max(slash, 1)));
    try {
      return tryTake(posix, directory, name, pid, start);
    } finally {
      posix.close(directory);
    }
  }

  /** Whether nobody has removed the file since it was opened: then others lock another one. */
  private static boolean isStillAt(Posix posix, int file, int directory, byte[] name)
      throws IOException {
    try {
      return posix.stat(file).sameObject(posix.stat(directory, name));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  private static String text(Posix posix, int file) throws IOException {
    byte[] text = new byte[TEXT_LENGTH];
    int length = posix.read(file, text, 0, text.length);
    while (length > 0 && text[length - 1] == '\n') {
      length--;
    }
    return Printable.of(text, 0, length);
  }

  private static void sign(Posix posix, int file, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try {
      posix.truncate(file, 0);
      posix.write(file, bytes, 0, bytes.length);
    } catch (IOException e) {
      // A full disk: the lock holds without its text.
    }
  }

  /** Gives the lock back; a second time does nothing. */
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      try {
        posix.unlock(file, 0); // closing alone leaves it to a child that another thread is starting
      } finally {
        posix.close(file);
      }
    }
  }
}
