package org.deferredsync.fs;

/** The error numbers that the program tells apart, with the words of errno(3). */
public enum Errno {
  EPERM(1, "operation not permitted"),
  ENOENT(2, "no such file or directory"),
  EINTR(4, "interrupted"),
  EIO(5, "input/output error"),
  ENXIO(6, "no such device or address"),
  E2BIG(7, "too long"),
  EBADF(9, "bad file descriptor"),
  EAGAIN(11, "resource temporarily unavailable"),
  ENOMEM(12, "out of memory"),
  EACCES(13, "permission denied"),
  EBUSY(16, "device or resource busy"),
  EEXIST(17, "file exists"),
  EXDEV(18, "on another file system"),
  ENODEV(19, "no such device"),
  ENOTDIR(20, "not a directory"),
  EISDIR(21, "is a directory"),
  EINVAL(22, "invalid argument"),
  ENFILE(23, "too many open files in the system"),
  EMFILE(24, "too many open files"),
  ETXTBSY(26, "text file busy"),
  EFBIG(27, "file too large"),
  ENOSPC(28, "no space left on device"),
  EROFS(30, "read-only file system"),
  EMLINK(31, "too many links"),
  ERANGE(34, "result too large"),
  ENAMETOOLONG(36, "file name too long"),
  ENOSYS(38, "not supported by this system"),
  ENOTEMPTY(39, "directory not empty"),
  ELOOP(40, "a symbolic link where none is followed"),
  ENODATA(61, "no such attribute"),
  EOPNOTSUPP(95, "operation not supported"),
  ESTALE(116, "stale file handle"),
  EDQUOT(122, "disk quota exceeded"),
  /** Any other number; the call's name tells the rest. */
  OTHER(-1, "failed");

  private final int number;
  private final String text;

  Errno(int number, String text) {
    this.number = number;
    this.text = text;
  }

  /** The name for Linux's {@code number}; {@link #OTHER} for one that has none here. */
  public static Errno of(int number) {
    for (Errno errno : values()) {
      if (errno.number == number) {
        return errno;
      }
    }
    return OTHER;
  }

  /** Linux's number, -1 for {@link #OTHER}. */
  public int number() {
    return number;
  }

  public String text() {
    return text;
  }
}
