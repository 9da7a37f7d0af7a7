package org.deferredsync.fs;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;

/**
 * The C library's functions and the kernel's numbers, as Linux has them on 64-bit x86 and ARM. A
 * pointer is a {@code long}; a failed call returns -1 and leaves its number in {@link
 * Native#getLastError}.
 */
final class Libc {
  static final int AT_FDCWD = -100;
  static final int AT_SYMLINK_NOFOLLOW = 0x100;
  static final int AT_REMOVEDIR = 0x200;
  static final int AT_NO_AUTOMOUNT = 0x800;
  static final int AT_EMPTY_PATH = 0x1000;

  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0100;
  static final int O_EXCL = 0200;
  static final int O_NOCTTY = 0400;
  static final int O_NONBLOCK = 04000;
  static final int O_NOATIME = 01000000;
  static final int O_CLOEXEC = 02000000;
  static final int O_PATH = 010000000;
  static final int O_DIRECTORY = Platform.isARM() ? 040000 : 0200000;
  static final int O_NOFOLLOW = Platform.isARM() ? 0100000 : 0400000;

  static final int SEEK_SET = 0;
  static final int SEEK_END = 2;
  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;

  static final int F_OFD_SETLK = 37;
  static final short F_RDLCK = 0;
  static final short F_WRLCK = 1;
  static final short F_UNLCK = 2;

  static final int RLIMIT_NOFILE = 7;
  static final int RENAME_NOREPLACE = 1;
  static final int SYNC_FILE_RANGE_WRITE = 2;
  static final int STATX_BASIC_STATS = 0x7ff;
  static final long UTIME_OMIT = 0x3ffffffe;

  // Called by number, because older C libraries have no function for them.
  static final long SYS_GETDENTS64 = Platform.isARM() ? 61 : 217;
  static final long SYS_MKNODAT = Platform.isARM() ? 33 : 259;
  static final long SYS_RENAMEAT2 = Platform.isARM() ? 276 : 316;
  static final long SYS_STATX = Platform.isARM() ? 291 : 332;
  static final long SYS_FCHMODAT2 = 452;

  static {
    Native.register(Libc.class, NativeLibrary.getProcess());
  }

  private Libc() {}

  static native long syscall(long number, long a, long b, long c, long d, long e);

  static native int openat(int directory, long path, int flags, int mode);

  static native int close(int descriptor);

  static native long read(int descriptor, long buffer, long length);

  static native long write(int descriptor, long buffer, long length);

  static native long lseek(int descriptor, long offset, int whence);

  static native int ftruncate(int descriptor, long size);

  static native int sync_file_range(int descriptor, long position, long length, int flags);

  static native int fsync(int descriptor);

  static native int syncfs(int descriptor);

  static native int fcntl(int descriptor, int command, long argument);

  static native int fstatfs(int descriptor, long buffer);

  static native long readlinkat(int directory, long name, long buffer, long length);

  static native int mkdirat(int directory, long name, int mode);

  static native int symlinkat(long target, int directory, long name);

  static native int linkat(int fromDirectory, long from, int toDirectory, long to, int flags);

  static native int renameat(int fromDirectory, long from, int toDirectory, long to);

  static native int unlinkat(int directory, long name, int flags);

  static native int fchownat(int directory, long name, int uid, int gid, int flags);

  static native int fchmod(int descriptor, int mode);

  static native int chmod(long path, int mode);

  static native int utimensat(int directory, long name, long times, int flags);

  static native int fchown(int descriptor, int uid, int gid);

  static native int futimens(int descriptor, long times);

  static native long flistxattr(int descriptor, long list, long length);

  static native long fgetxattr(int descriptor, long attribute, long value, long length);

  static native long llistxattr(long path, long list, long length);

  static native long lgetxattr(long path, long attribute, long value, long length);

  static native int lsetxattr(long path, long attribute, long value, long length, int flags);

  static native int lremovexattr(long path, long attribute);

  static native int geteuid();

  static native int getrlimit(int resource, long limits);
}
