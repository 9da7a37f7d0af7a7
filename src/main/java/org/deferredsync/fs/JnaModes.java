package org.deferredsync.fs;

import static org.deferredsync.fs.NativeCall.check;
import static org.deferredsync.fs.NativeCall.failure;
import static org.deferredsync.fs.NativeCall.open;
import static org.deferredsync.fs.NativeCall.retried;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.deferredsync.logging.Printable;

/**
 * Sets the permission bits of names, on new and old kernels, and never those of what a link at the
 * name leads to.
 */
final class JnaModes {
  static final int PERMISSIONS = 07777;

  /** Set once the kernel (before 6.6) has said that it has no fchmodat2. */
  private volatile boolean withoutFchmodat2;

  /** Those of a regular file, directory or special file; EOPNOTSUPP for a symbolic link. */
  void set(int directory, byte[] name, int permissions) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    int mode = permissions & PERMISSIONS;
    if (!withoutFchmodat2) {
      long result =
          retried(
              () ->
                  Libc.syscall(
                      Libc.SYS_FCHMODAT2, directory, path, mode, Libc.AT_SYMLINK_NOFOLLOW, 0));
      if (result == 0) {
        return;
      }
      PosixException failure = failure("fchmodat2", name);
      // A container's filter may say EPERM for a call that it does not know.
      if (!failure.is(Errno.ENOSYS) && !failure.is(Errno.EPERM)) {
        throw failure;
      }
      withoutFchmodat2 |= failure.is(Errno.ENOSYS);
    }
    setByDescriptor(directory, name, mode);
  }

  /** What kernels before 6.6 have: the object is pinned first, then changed by its descriptor. */
  static void setByDescriptor(int directory, byte[] name, int mode) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    int pinned = open(directory, path, Libc.O_PATH | Libc.O_NOFOLLOW, 0, name);
    try {
      if (JnaStats.of(pinned).isSymlink()) {
        throw new PosixException(Errno.EOPNOTSUPP, "fchmodat", Printable.of(name));
      }
      setOfPinned(pinned, mode, name);
    } finally {
      Libc.close(pinned);
    }
  }

  /** Gives the object just made the mode that the umask may have cut, or takes it away again. */
  void setOfNewNode(int directory, byte[] name, int mode) throws IOException {
    try {
      set(directory, name, mode);
    } catch (PosixException e) {
      Libc.unlinkat(directory, NativeBuffers.ofThread().name(name), 0);
      throw e;
    }
  }

  /**
   * Where others can write, the name may be another object's by now: only a directory of ours is
   * changed, and that by its descriptor.
   */
  static void setOfNewDirectory(int directory, byte[] name, int mode) throws IOException {
    Stat made = JnaStats.of(directory, name);
    if (made.isDirectory() && made.uid() == Libc.geteuid() && made.permissions() == mode) {
      return;
    }
    long path = NativeBuffers.ofThread().name(name);
    int flags = Libc.O_PATH | Libc.O_DIRECTORY | Libc.O_NOFOLLOW;
    int pinned = open(directory, path, flags, 0, name);
    try {
      if (JnaStats.of(pinned).uid() != Libc.geteuid()) {
        throw new PosixException(Errno.EPERM, "mkdirat", Printable.of(name));
      }
      setOfPinned(pinned, mode, name);
    } finally {
      Libc.close(pinned);
    }
  }

  private static void setOfPinned(int pinned, int mode, byte[] name) throws IOException {
    byte[] self = ("/proc/self/fd/" + pinned).getBytes(StandardCharsets.US_ASCII);
    long selfPath = NativeBuffers.ofThread().path(self);
    check(retried(() -> Libc.chmod(selfPath, mode)), "chmod", name);
  }
}
