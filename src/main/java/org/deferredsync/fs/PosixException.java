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

  private PosixException(String place, PosixException cause) {
    super(place + ": " + cause.getMessage(), cause);
    this.errno = cause.errno;
  }

  /** The same with the place that its object is in, which a bare name does not tell. */
  public PosixException in(String place) {
    return new PosixException(place, this);
  }

  public Errno errno() {
    return errno;
  }

  public boolean is(Errno other) {
    return errno == other;
  }

  /** Whether nothing has the name, or no directory but perhaps a link leads to it. */
  public boolean isGone() {
    return switch (errno) {
      case ENOENT, ENOTDIR, ELOOP -> true;
      default -> false;
    };
  }

  /** Whether nothing has the name, or something else than was asked for. */
  public boolean isAbsence() {
    return switch (errno) {
      case ENOENT, ENOTDIR, ELOOP, EISDIR, ENXIO -> true;
      default -> false;
    };
  }

  /** Whether this process or the system lacked what the call needs, whatever it was called on. */
  public boolean isShortage() {
    return switch (errno) {
      case EMFILE, ENFILE, ENOMEM -> true;
      default -> false;
    };
  }
}
