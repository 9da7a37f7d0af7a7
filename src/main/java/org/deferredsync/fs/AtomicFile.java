package org.deferredsync.fs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.deferredsync.logging.Printable;

/**
 * Small files of ours that are there whole or not at all, even after a power cut: written under
 * another name, synced, renamed.
 */
public final class AtomicFile {
  private static final byte[] SUFFIX = {'.', 'n', 'e', 'w'};

  private AtomicFile() {}

  /**
   * Puts {@code content} at {@code name}, replacing what is there. When it returns, the new content
   * is on disk; when it throws, the old one or the new one is in place. What a killed writer has
   * left at {@code name.new} is replaced; two writers of one name must exclude each other.
   *
   * @param mode of the file from the moment it exists, whatever the umask
   */
  public static void write(Posix posix, int directory, byte[] name, byte[] content, int mode)
      throws IOException {
    byte[] temporary = new byte[name.length + SUFFIX.length];
    System.arraycopy(name, 0, temporary, 0, name.length);
    System.arraycopy(SUFFIX, 0, temporary, name.length, SUFFIX.length);
    int file = create(posix, directory, temporary, mode);
    try {
      try {
        posix.write(file, content, 0, content.length);
        posix.sync(file);
      } finally {
        posix.close(file);
      }
      posix.rename(directory, temporary, directory, name);
    } catch (IOException e) {
      try {
        posix.unlink(directory, temporary);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    posix.syncDirectory(directory);
  }

  private static int create(Posix posix, int directory, byte[] name, int mode) throws IOException {
    try {
      return posix.createFile(directory, name, mode);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    posix.unlink(directory, name);
    return posix.createFile(directory, name, mode);
  }

  /**
   * All bytes of a regular file; no link is followed.
   *
   * @throws PosixException EFBIG if it has more than {@code limit} bytes, EINVAL if it is no
   *     regular file
   */
  public static byte[] read(Posix posix, int directory, byte[] name, int limit) throws IOException {
    int file = posix.openFile(directory, name);
    try {
      if (!posix.stat(file).isRegular()) {
        throw new PosixException(Errno.EINVAL, "read", Printable.of(name));
      }
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      byte[] buffer = new byte[8192];
      int count;
      while ((count = posix.read(file, buffer, 0, buffer.length)) > 0) {
        content.write(buffer, 0, count);
        if (content.size() > limit) {
          throw new PosixException(Errno.EFBIG, "read", Printable.of(name));
        }
      }
      return content.toByteArray();
    } finally {
      posix.close(file);
    }
  }
}
