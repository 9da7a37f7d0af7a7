package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;

/** The target's file system cannot give a file a second name, by which history is kept. */
final class NoHardLinksException extends IOException {
  static final String TEXT = "its file system has no hard links; use ext4, XFS or the like";

  private static final long serialVersionUID = 1L;

  NoHardLinksException(PosixException cause) {
    super(TEXT, cause);
  }

  /** Whether this is how a file system says so of {@code link}. */
  static boolean isTold(PosixException failure) {
    return failure.is(Errno.EPERM) || failure.is(Errno.EOPNOTSUPP) || failure.is(Errno.ENOSYS);
  }

  /** Whether there can be no further name here, be it that there is nothing any more to name. */
  static boolean leavesCopies(PosixException failure) {
    return isTold(failure)
        || failure.is(Errno.EMLINK)
        || failure.is(Errno.EXDEV)
        || failure.is(Errno.ENOENT);
  }
}
