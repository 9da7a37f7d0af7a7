package org.deferredsync.fs;

import static org.deferredsync.fs.NativeCall.check;
import static org.deferredsync.fs.NativeCall.failure;
import static org.deferredsync.fs.NativeCall.open;
import static org.deferredsync.fs.NativeCall.retried;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.deferredsync.logging.Printable;

/** {@link Posix} by Linux's own calls; holds nothing but what the kernel holds. */
final class JnaPosix implements Posix {
  private static final int LONGEST_LINK = 64 * 1024;
  private static final long NS_PER_S = 1_000_000_000L;

  private final JnaModes modes = new JnaModes();

  private JnaPosix() {}

  /** Whether {@link Libc} has this system's numbers; asks without loading anything. */
  static boolean isFor(String os, String architecture) {
    return os.equals("Linux")
        && (architecture.equals("amd64")
            || architecture.equals("x86_64")
            || architecture.equals("aarch64"));
  }

  /** Loads the native library and tries it. */
  static JnaPosix load() {
    try {
      JnaPosix posix = new JnaPosix();
      posix.effectiveUser();
      return posix;
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "native library libjnidispatch.so: "
              + Printable.of(String.valueOf(e.getMessage()))
              + ": make the temporary directory executable or name another with -Djna.tmpdir=DIR",
          e);
    }
  }

  @Override
  public int openPath(byte[] absolutePath) throws IOException {
    if (absolutePath.length == 0 || absolutePath[0] != '/') {
      throw new PosixException(Errno.EINVAL, "openat", Printable.of(absolutePath));
    }
    long path = NativeBuffers.ofThread().path(absolutePath);
    return open(Libc.AT_FDCWD, path, Libc.O_RDONLY | Libc.O_DIRECTORY, 0, absolutePath);
  }

  @Override
  public int openDirectory(int directory, byte[] name) throws IOException {
    int flags = Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_NOFOLLOW;
    return openUntouched(directory, name, flags);
  }

  @Override
  public int openFile(int directory, byte[] name) throws IOException {
    int flags = Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NONBLOCK | Libc.O_NOCTTY;
    return openUntouched(directory, name, flags);
  }

  /** Opens without leaving an access time behind, which only the owner and root may. */
  private static int openUntouched(int directory, byte[] name, int flags) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    try {
      return open(directory, path, flags | Libc.O_NOATIME, 0, name);
    } catch (PosixException e) {
      if (!e.is(Errno.EPERM)) {
        throw e;
      }
      return open(directory, path, flags, 0, name);
    }
  }

  @Override
  public int createFile(int directory, byte[] name, int mode) throws IOException {
    int flags = Libc.O_RDWR | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_NOCTTY;
    long path = NativeBuffers.ofThread().name(name);
    int descriptor = open(directory, path, flags, mode & 0600, name);
    if (retried(() -> Libc.fchmod(descriptor, mode & JnaModes.PERMISSIONS)) == -1) {
      PosixException failure = failure("fchmod", name);
      Libc.close(descriptor);
      Libc.unlinkat(directory, path, 0);
      throw failure;
    }
    return descriptor;
  }

  @Override
  public int openOwn(int directory, byte[] name, int mode) throws IOException {
    while (true) {
      try {
        long path = NativeBuffers.ofThread().name(name);
        return open(directory, path, Libc.O_RDWR | Libc.O_NOFOLLOW | Libc.O_NOCTTY, 0, name);
      } catch (PosixException e) {
        if (!e.is(Errno.ENOENT)) {
          throw e;
        }
      }
      try {
        return createFile(directory, name, mode);
      } catch (PosixException e) {
        // Somebody else made it in between: open theirs.
        if (!e.is(Errno.EEXIST)) {
          throw e;
        }
      }
    }
  }

  @Override
  public void close(int descriptor) throws IOException {
    // Linux has let go of the descriptor even when it answers EINTR: a second try could hit
    // somebody else's.
    if (Libc.close(descriptor) == -1 && Native.getLastError() != Errno.EINTR.number()) {
      throw failure("close", descriptor);
    }
  }

  @Override
  public Stat stat(int descriptor) throws IOException {
    return JnaStats.of(descriptor);
  }

  @Override
  public Stat stat(int directory, byte[] name) throws IOException {
    return JnaStats.of(directory, name);
  }

  @Override
  public void list(int directory, Consumer<DirectoryEntry> sink) throws IOException {
    JnaRecords.each(
        directory,
        (records, at, end) -> {
          int type = (records[at - 1] & 0xf) << 12;
          sink.accept(new DirectoryEntry(Arrays.copyOfRange(records, at, end), type));
        });
  }

  @Override
  public void statEach(int directory, StatSink sink) throws IOException {
    JnaStats.each(directory, sink);
  }

  @Override
  public byte[] readLink(int directory, byte[] name) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long path = buffers.name(name);
    long to = buffers.transferAddress();
    long length = retried(() -> Libc.readlinkat(directory, path, to, LONGEST_LINK));
    if (length == -1) {
      throw failure("readlinkat", name);
    }
    if (length == LONGEST_LINK) {
      throw new PosixException(Errno.ENAMETOOLONG, "readlinkat", Printable.of(name));
    }
    byte[] target = new byte[(int) length];
    buffers.getTransfer(target, 0, target.length);
    return target;
  }

  @Override
  public Space space(int descriptor) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    if (retried(() -> Libc.fstatfs(descriptor, buffers.structureAddress())) == -1) {
      throw failure("fstatfs", descriptor);
    }
    return Statfs.read(buffers.structure());
  }

  @Override
  public int effectiveUser() {
    return Libc.geteuid();
  }

  @Override
  public long openLimit() {
    NativeBuffers buffers = NativeBuffers.ofThread();
    if (Libc.getrlimit(Libc.RLIMIT_NOFILE, buffers.structureAddress()) == -1) {
      return Long.MAX_VALUE;
    }
    long limit = buffers.structure().getLong(0);
    return limit < 0 ? Long.MAX_VALUE : limit; // unsigned; the largest is no limit
  }

  @Override
  public int read(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long part = Math.min(length, NativeBuffers.TRANSFER_LENGTH);
    long count = retried(() -> Libc.read(descriptor, buffers.transferAddress(), part));
    if (count == -1) {
      throw failure("read", descriptor);
    }
    buffers.getTransfer(buffer, offset, (int) count);
    return (int) count;
  }

  @Override
  public void write(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, NativeBuffers.TRANSFER_LENGTH);
      buffers.putTransfer(buffer, offset + done, part);
      long count = retried(() -> Libc.write(descriptor, buffers.transferAddress(), part));
      if (count == -1) {
        throw failure("write", descriptor);
      }
      done += (int) count;
    }
  }

  @Override
  public void seek(int descriptor, long position) throws IOException {
    lseek(descriptor, position, Libc.SEEK_SET);
  }

  @Override
  public long seekData(int descriptor, long position) throws IOException {
    try {
      return lseek(descriptor, position, Libc.SEEK_DATA);
    } catch (PosixException e) {
      if (e.is(Errno.ENXIO)) {
        return -1;
      }
      if (e.is(Errno.EINVAL) && position >= 0) {
        return position < lseek(descriptor, 0, Libc.SEEK_END) ? position : -1;
      }
      throw e;
    }
  }

  @Override
  public long seekHole(int descriptor, long position) throws IOException {
    try {
      return lseek(descriptor, position, Libc.SEEK_HOLE);
    } catch (PosixException e) {
      if (e.is(Errno.ENXIO) || (e.is(Errno.EINVAL) && position >= 0)) {
        return lseek(descriptor, 0, Libc.SEEK_END);
      }
      throw e;
    }
  }

  private static long lseek(int descriptor, long position, int whence) throws PosixException {
    long result = Libc.lseek(descriptor, position, whence);
    if (result == -1) {
      throw failure("lseek", descriptor);
    }
    return result;
  }

  @Override
  public void truncate(int descriptor, long size) throws IOException {
    check(retried(() -> Libc.ftruncate(descriptor, size)), "ftruncate", descriptor);
  }

  @Override
  public void beginWriteBack(int descriptor, long position, long length) throws IOException {
    long result =
        retried(
            () -> Libc.sync_file_range(descriptor, position, length, Libc.SYNC_FILE_RANGE_WRITE));
    if (result == -1) {
      PosixException failure = failure("sync_file_range", descriptor);
      if (!failure.is(Errno.ENOSYS) && !failure.is(Errno.EINVAL)) {
        throw failure;
      }
    }
  }

  @Override
  public void sync(int descriptor) throws IOException {
    check(retried(() -> Libc.fsync(descriptor)), "fsync", descriptor);
  }

  @Override
  public void syncFileSystem(int descriptor) throws IOException {
    check(retried(() -> Libc.syncfs(descriptor)), "syncfs", descriptor);
  }

  @Override
  public void makeDirectory(int directory, byte[] name, int mode) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    check(retried(() -> Libc.mkdirat(directory, path, mode & 0700)), "mkdirat", name);
    try {
      JnaModes.setOfNewDirectory(directory, name, mode & JnaModes.PERMISSIONS);
    } catch (PosixException e) {
      Libc.unlinkat(directory, NativeBuffers.ofThread().name(name), Libc.AT_REMOVEDIR);
      throw e;
    }
  }

  @Override
  public void makeSymlink(int directory, byte[] name, byte[] target) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long to = buffers.path(target);
    long path = buffers.secondName(name);
    check(retried(() -> Libc.symlinkat(to, directory, path)), "symlinkat", name);
  }

  @Override
  public void makeNode(int directory, byte[] name, int mode, long rdev) throws IOException {
    if (rdev >>> 32 != 0) {
      // The kernel's own encoding, which is this one's lower half, ends there.
      throw new PosixException(Errno.EINVAL, "mknodat", Printable.of(name));
    }
    long path = NativeBuffers.ofThread().name(name);
    int masked = mode & (Stat.TYPE_MASK | 0600);
    check(
        retried(() -> Libc.syscall(Libc.SYS_MKNODAT, directory, path, masked, rdev, 0)),
        "mknodat",
        name);
    modes.setOfNewNode(directory, name, mode);
  }

  @Override
  public void link(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long old = buffers.name(from);
    long path = buffers.secondName(to);
    check(retried(() -> Libc.linkat(fromDirectory, old, toDirectory, path, 0)), "linkat", to);
  }

  @Override
  public void rename(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long old = buffers.name(from);
    long path = buffers.secondName(to);
    check(retried(() -> Libc.renameat(fromDirectory, old, toDirectory, path)), "renameat", to);
  }

  @Override
  public void renameNew(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long old = buffers.name(from);
    long path = buffers.secondName(to);
    long result =
        retried(
            () ->
                Libc.syscall(
                    Libc.SYS_RENAMEAT2,
                    fromDirectory,
                    old,
                    toDirectory,
                    path,
                    Libc.RENAME_NOREPLACE));
    if (result == -1) {
      PosixException failure = failure("renameat2", to);
      if (!failure.is(Errno.EINVAL) && !failure.is(Errno.ENOSYS)) {
        throw failure;
      }
      PlainRename.renameNew(this, fromDirectory, from, toDirectory, to);
    }
  }

  @Override
  public void unlink(int directory, byte[] name) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    check(retried(() -> Libc.unlinkat(directory, path, 0)), "unlinkat", name);
  }

  @Override
  public void removeDirectory(int directory, byte[] name) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    check(retried(() -> Libc.unlinkat(directory, path, Libc.AT_REMOVEDIR)), "unlinkat", name);
  }

  @Override
  public void setOwner(int directory, byte[] name, int uid, int gid) throws IOException {
    long path = NativeBuffers.ofThread().name(name);
    check(
        retried(() -> Libc.fchownat(directory, path, uid, gid, Libc.AT_SYMLINK_NOFOLLOW)),
        "fchownat",
        name);
  }

  @Override
  public void setMode(int directory, byte[] name, int permissions) throws IOException {
    modes.set(directory, name, permissions);
  }

  @Override
  public void setTime(int directory, byte[] name, long mtimeNs) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long path = buffers.name(name);
    long times = putTimes(buffers, mtimeNs);
    check(
        retried(() -> Libc.utimensat(directory, path, times, Libc.AT_SYMLINK_NOFOLLOW)),
        "utimensat",
        name);
  }

  private static long putTimes(NativeBuffers buffers, long mtimeNs) {
    ByteBuffer times = buffers.structure();
    times.putLong(0, 0).putLong(8, Libc.UTIME_OMIT);
    times
        .putLong(16, Math.floorDiv(mtimeNs, NS_PER_S))
        .putLong(24, Math.floorMod(mtimeNs, NS_PER_S));
    return buffers.structureAddress();
  }

  @Override
  public void setOwner(int descriptor, int uid, int gid) throws IOException {
    check(retried(() -> Libc.fchown(descriptor, uid, gid)), "fchown", descriptor);
  }

  @Override
  public void setMode(int descriptor, int permissions) throws IOException {
    int mode = permissions & JnaModes.PERMISSIONS;
    check(retried(() -> Libc.fchmod(descriptor, mode)), "fchmod", descriptor);
  }

  @Override
  public void setTime(int descriptor, long mtimeNs) throws IOException {
    long times = putTimes(NativeBuffers.ofThread(), mtimeNs);
    check(retried(() -> Libc.futimens(descriptor, times)), "futimens", descriptor);
  }

  @Override
  public List<Xattr> xattrs(int descriptor) throws IOException {
    return JnaXattrs.read(descriptor);
  }

  @Override
  public List<Xattr> xattrs(int directory, byte[] name) throws IOException {
    return JnaXattrs.read(directory, name);
  }

  @Override
  public void setXattr(int directory, byte[] name, Xattr attribute) throws IOException {
    JnaXattrs.set(directory, name, attribute);
  }

  @Override
  public void removeXattr(int directory, byte[] name, byte[] attribute) throws IOException {
    JnaXattrs.remove(directory, name, attribute);
  }

  @Override
  public boolean lock(int descriptor, long position, boolean exclusive) throws IOException {
    if (setLock(descriptor, position, exclusive ? Libc.F_WRLCK : Libc.F_RDLCK) == 0) {
      return true;
    }
    PosixException failure = failure("fcntl", descriptor);
    if (failure.is(Errno.EAGAIN) || failure.is(Errno.EACCES)) {
      return false;
    }
    throw failure;
  }

  @Override
  public void unlock(int descriptor, long position) throws IOException {
    check(setLock(descriptor, position, Libc.F_UNLCK), "fcntl", descriptor);
  }

  /** Fills {@code struct flock} and hands it over. */
  private static long setLock(int descriptor, long position, short type) {
    NativeBuffers buffers = NativeBuffers.ofThread();
    ByteBuffer flock = buffers.structure();
    flock.putShort(0, type).putShort(2, (short) Libc.SEEK_SET).putInt(4, 0);
    flock.putLong(8, position).putLong(16, 1).putLong(24, 0);
    return retried(() -> Libc.fcntl(descriptor, Libc.F_OFD_SETLK, buffers.structureAddress()));
  }
}
