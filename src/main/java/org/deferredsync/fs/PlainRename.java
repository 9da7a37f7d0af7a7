package org.deferredsync.fs;

import java.io.IOException;
import org.deferredsync.logging.Printable;

/**
 * {@link Posix#renameNew} where the file system cannot do it in one step. A file gets its new name
 * by link(2), which never replaces anything; the old one goes after it. For a directory, and where
 * there are no hard links, a look comes before a plain rename: what somebody else puts there in
 * between (an empty directory; any file, where there are no hard links) is replaced.
 */
final class PlainRename {
  private PlainRename() {}

  static void renameNew(Posix posix, int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    boolean directory = posix.stat(fromDirectory, from).isDirectory();
    if (!directory && linked(posix, fromDirectory, from, toDirectory, to)) {
      removeOld(posix, fromDirectory, from, toDirectory, to);
      return;
    }
    try {
      posix.stat(toDirectory, to);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      posix.rename(fromDirectory, from, toDirectory, to);
      return;
    }
    throw new PosixException(Errno.EEXIST, "renameat", Printable.of(to));
  }

  /** Whether the second name is there; false where the file can have none. */
  private static boolean linked(
      Posix posix, int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException {
    try {
      posix.link(fromDirectory, from, toDirectory, to);
      return true;
    } catch (PosixException e) {
      boolean never =
          e.is(Errno.EPERM) || e.is(Errno.EOPNOTSUPP) || e.is(Errno.ENOSYS) || e.is(Errno.EMLINK);
      if (!never) {
        throw e;
      }
      return false;
    }
  }

  private static void removeOld(
      Posix posix, int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException {
    try {
      posix.unlink(fromDirectory, from);
    } catch (PosixException e) {
      posix.unlink(toDirectory, to);
      throw e;
    }
  }
}
