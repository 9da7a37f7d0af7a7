package org.deferredsync.logging;

import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * The file that holds every record of every run. It is only ever appended to, follows the name when
 * logrotate has moved the file away, and never stops a run: records it cannot take are lost with
 * one line on standard error.
 *
 * <p>Made with mode 0600: it names files and directories that no other user may know of, and the
 * running user's group may be one that everybody is in. An existing file, as logrotate makes it,
 * keeps its mode.
 */
public final class JobLog implements Closeable {
  private static final long LOOK_NANOS = 100_000_000;

  private final Path path;
  private final PrintStream complaints;
  private FileOutputStream out;
  private @Nullable Object identity;
  private long lookedAt;
  private boolean complained;
  private boolean torn;

  private JobLog(Path path, PrintStream complaints) throws IOException {
    this.path = path;
    this.complaints = complaints;
    this.out = open(path);
    this.identity = identity(path);
    this.lookedAt = System.nanoTime();
  }

  /**
   * Opens the log, making the file if it is absent.
   *
   * @param complaints where to say, once, that a record could not be written
   * @throws IOException if it cannot be written, or is neither a regular file nor {@code /dev/null}
   */
  public static JobLog open(Path path, PrintStream complaints) throws IOException {
    return new JobLog(path, complaints);
  }

  private static FileOutputStream open(Path path) throws IOException {
    try {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      BasicFileAttributes attributes =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile() && !path.equals(Path.of("/dev/null"))) {
        throw new IOException("it is not a regular file", e);
      }
    }
    // A channel would be closed by the interruption of a thread that writes a record.
    return new FileOutputStream(path.toFile(), true);
  }

  private static @Nullable Object identity(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  /** Appends one line. */
  synchronized void write(String line) {
    try {
      followName();
      String text = (torn ? "\n" : "") + line + "\n";
      torn = true;
      out.write(text.getBytes(StandardCharsets.UTF_8));
      torn = false;
    } catch (IOException e) {
      if (!complained) {
        complained = true;
        complaints.println(
            "[ERROR] job: "
                + Printable.of(path.toString())
                + ": cannot write the log, the run goes on: "
                + Printable.of(String.valueOf(e.getMessage())));
      }
    }
  }

  private void followName() throws IOException {
    long now = System.nanoTime();
    if (now - lookedAt < LOOK_NANOS) {
      return;
    }
    lookedAt = now;
    Object present;
    try {
      present = identity(path);
    } catch (NoSuchFileException e) {
      present = null;
    }
    if (present == null || !present.equals(identity)) {
      FileOutputStream next = open(path);
      out.close();
      out = next;
      identity = identity(path);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    out.close();
  }
}
