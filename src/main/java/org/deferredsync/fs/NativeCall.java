package org.deferredsync.fs;

import com.sun.jna.Native;
import org.deferredsync.logging.Printable;

/**
 * What a call of {@link Libc} answers: it is repeated on EINTR, and a -1 becomes the failure whose
 * errno this thread has just then, before any other call.
 */
final class NativeCall {
  private NativeCall() {}

  static long retried(LongCall call) {
    long result;
    do {
      result = call.run();
    } while (result == -1 && Native.getLastError() == Errno.EINTR.number());
    return result;
  }

  static void check(long result, String call, byte[] name) throws PosixException {
    if (result == -1) {
      throw failure(call, name);
    }
  }

  static void check(long result, String call, int descriptor) throws PosixException {
    if (result == -1) {
      throw failure(call, descriptor);
    }
  }

  static PosixException failure(String call, byte[] name) {
    return failure(call, Printable.of(name));
  }

  static PosixException failure(String call, int descriptor) {
    return failure(call, "descriptor " + descriptor);
  }

  private static PosixException failure(String call, String object) {
    int number = Native.getLastError();
    Errno errno = Errno.of(number);
    return new PosixException(
        errno, errno == Errno.OTHER ? call + ", errno " + number : call, object);
  }

  /** A call that answers -1 for a failure. */
  @FunctionalInterface
  interface LongCall {
    long run();
  }

  /** openat(2); what is opened is closed in child processes. */
  static int open(int directory, long path, int flags, int mode, byte[] name)
      throws PosixException {
    long descriptor = retried(() -> Libc.openat(directory, path, flags | Libc.O_CLOEXEC, mode));
    if (descriptor == -1) {
      throw failure("openat", name);
    }
    return (int) descriptor;
  }
}
