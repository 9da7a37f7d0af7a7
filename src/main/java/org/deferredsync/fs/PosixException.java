package org.deferredsync.fs;

import java.io.IOException;

/** A system call that failed: which one, on what, and with which error number. */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /**
   * @param call the system call, as its man page names it
   * @param object what it was called on, printable
   */
  public PosixException(Errno errno, String call, String object) {
    super(object + ": " + errno.text() + " (" + call + ")");
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }

  public boolean is(Errno other) {
    return errno == other;
  }
}
