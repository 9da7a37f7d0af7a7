package org.deferredsync.fs;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Java's file exceptions as {@link PosixException}s. Java keeps the error number of a few only; of
 * the others the C library's English text is known, and any other is {@link Errno#OTHER}.
 */
final class NioErrors {
  private static final Map<String, Errno> BY_TEXT =
      Map.ofEntries(
          Map.entry("Operation not permitted", Errno.EPERM),
          Map.entry("Input/output error", Errno.EIO),
          Map.entry("Device busy", Errno.EBUSY),
          Map.entry("Device or resource busy", Errno.EBUSY),
          Map.entry("Not a directory", Errno.ENOTDIR),
          Map.entry("Is a directory", Errno.EISDIR),
          Map.entry("Invalid argument", Errno.EINVAL),
          Map.entry("Too many open files", Errno.EMFILE),
          Map.entry("File too large", Errno.EFBIG),
          Map.entry("No space left on device", Errno.ENOSPC),
          Map.entry("Read-only file system", Errno.EROFS),
          Map.entry("Too many links", Errno.EMLINK),
          Map.entry("File name too long", Errno.ENAMETOOLONG),
          Map.entry("Directory not empty", Errno.ENOTEMPTY),
          Map.entry("Too many levels of symbolic links", Errno.ELOOP),
          Map.entry("Operation not supported", Errno.EOPNOTSUPP),
          Map.entry("Disk quota exceeded", Errno.EDQUOT),
          Map.entry("Disc quota exceeded", Errno.EDQUOT));

  private NioErrors() {}

  /** Runs {@code action} and puts what it throws into the words of {@link Posix}. */
  static <T> T translated(String call, String object, Callable<T> action) throws PosixException {
    try {
      return action.call();
    } catch (PosixException e) {
      throw e;
    } catch (IOException e) {
      PosixException translated = new PosixException(errno(e), call, object);
      translated.initCause(e);
      throw translated;
    } catch (NonReadableChannelException | NonWritableChannelException e) {
      throw new PosixException(Errno.EBADF, call, object);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static Errno errno(IOException e) {
    if (e instanceof NoSuchFileException) {
      return Errno.ENOENT;
    }
    if (e instanceof FileAlreadyExistsException) {
      return Errno.EEXIST;
    }
    if (e instanceof DirectoryNotEmptyException) {
      return Errno.ENOTEMPTY;
    }
    if (e instanceof AccessDeniedException) {
      return Errno.EACCES;
    }
    if (e instanceof NotDirectoryException) {
      return Errno.ENOTDIR;
    }
    if (e instanceof NotLinkException) {
      return Errno.EINVAL;
    }
    if (e instanceof FileSystemLoopException) {
      return Errno.ELOOP;
    }
    if (e instanceof AtomicMoveNotSupportedException) {
      return Errno.EXDEV;
    }
    if (e instanceof ClosedChannelException) {
      return Errno.EBADF;
    }
    String text = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
    return text == null ? Errno.OTHER : BY_TEXT.getOrDefault(text, Errno.OTHER);
  }
}
