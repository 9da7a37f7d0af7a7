package org.deferredsync.fs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.logging.Printable;

/**
 * The extended attribute calls of Linux. By name they go through the directory's descriptor in
 * /proc, which takes any type of file and follows no link at the name itself.
 */
final class JnaXattrs {
  /** What the kernel allows for a list and for a value. */
  private static final int LONGEST = 64 * 1024;

  private static final int TRIES = 10;
  private static final byte[] DOUBLED = "trusted.SGI_ACL_".getBytes(StandardCharsets.US_ASCII);

  private JnaXattrs() {}

  /** The two calls that differ between a descriptor and a name. */
  private interface Subject {
    long list(NativeBuffers buffers, long to, long length) throws IOException;

    long value(NativeBuffers buffers, byte[] attribute, long to, long length) throws IOException;
  }

  static List<Xattr> read(int descriptor) throws IOException {
    Subject subject =
        new Subject() {
          @Override
          public long list(NativeBuffers buffers, long to, long length) {
            return NativeCall.retried(() -> Libc.flistxattr(descriptor, to, length));
          }

          @Override
          public long value(NativeBuffers buffers, byte[] attribute, long to, long length)
              throws IOException {
            long name = buffers.secondName(attribute);
            return NativeCall.retried(() -> Libc.fgetxattr(descriptor, name, to, length));
          }
        };
    return read(subject, ("descriptor " + descriptor).getBytes(StandardCharsets.US_ASCII));
  }

  static List<Xattr> read(int directory, byte[] name) throws IOException {
    byte[] path = path(directory, name);
    Subject subject =
        new Subject() {
          @Override
          public long list(NativeBuffers buffers, long to, long length) throws IOException {
            long at = buffers.path(path);
            return NativeCall.retried(() -> Libc.llistxattr(at, to, length));
          }

          @Override
          public long value(NativeBuffers buffers, byte[] attribute, long to, long length)
              throws IOException {
            long at = buffers.path(path);
            long called = buffers.secondName(attribute);
            return NativeCall.retried(() -> Libc.lgetxattr(at, called, to, length));
          }
        };
    return read(subject, name);
  }

  private static List<Xattr> read(Subject subject, byte[] name) throws IOException {
    for (int i = 1; ; i++) {
      try {
        return readOnce(subject, name);
      } catch (PosixException e) {
        if (!e.is(Errno.ERANGE) || i == TRIES) {
          throw e;
        }
        // Grown between two calls: look again.
      }
    }
  }

  private static List<Xattr> readOnce(Subject subject, byte[] name) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long length = subject.list(buffers, buffers.transferAddress(), LONGEST);
    if (length == -1) {
      PosixException failure = failure("listxattr", name);
      if (failure.is(Errno.EOPNOTSUPP)) {
        return List.of();
      }
      throw failure;
    }
    if (length == 0) {
      return List.of();
    }
    byte[] names = new byte[(int) length];
    buffers.getTransfer(names, 0, names.length);
    List<Xattr> attributes = new ArrayList<>();
    int start = 0;
    for (int end = 0; end < names.length; end++) {
      if (names[end] == 0) {
        byte[] attribute = Arrays.copyOfRange(names, start, end);
        start = end + 1;
        if (!startsWith(attribute, DOUBLED)) {
          addValue(subject, buffers, attribute, name, attributes);
        }
      }
    }
    return attributes;
  }

  private static void addValue(
      Subject subject, NativeBuffers buffers, byte[] attribute, byte[] name, List<Xattr> attributes)
      throws IOException {
    long length = subject.value(buffers, attribute, buffers.transferAddress(), LONGEST);
    if (length == -1) {
      PosixException failure = NativeCall.failure("getxattr", name);
      if (failure.is(Errno.ENODATA) || failure.is(Errno.EOPNOTSUPP)) {
        return; // gone meanwhile, or listed though this file system has no such thing
      }
      throw failure;
    }
    byte[] value = new byte[(int) length];
    buffers.getTransfer(value, 0, value.length);
    attributes.add(new Xattr(attribute, value));
  }

  static void set(int directory, byte[] name, Xattr attribute) throws IOException {
    if (attribute.value().length > NativeBuffers.TRANSFER_LENGTH) {
      throw new PosixException(Errno.ERANGE, "lsetxattr", Printable.of(name));
    }
    NativeBuffers buffers = NativeBuffers.ofThread();
    long path = buffers.path(path(directory, name));
    long called = buffers.secondName(attribute.name());
    buffers.putTransfer(attribute.value(), 0, attribute.value().length);
    long value = buffers.transferAddress();
    check(
        NativeCall.retried(() -> Libc.lsetxattr(path, called, value, attribute.value().length, 0)),
        "lsetxattr",
        name);
  }

  static void remove(int directory, byte[] name, byte[] attribute) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    long path = buffers.path(path(directory, name));
    long called = buffers.secondName(attribute);
    check(NativeCall.retried(() -> Libc.lremovexattr(path, called)), "lremovexattr", name);
  }

  private static void check(long result, String call, byte[] name) throws PosixException {
    if (result == -1) {
      throw failure(call, name);
    }
  }

  /** Without /proc nothing would be found by name: that is no absence of the file. */
  private static PosixException failure(String call, byte[] name) {
    PosixException failure = NativeCall.failure(call, name);
    return failure.is(Errno.ENOENT) && !Files.exists(Path.of("/proc/self/fd"))
        ? new PosixException(Errno.ENOSYS, call + ", /proc is not mounted", Printable.of(name))
        : failure;
  }

  private static byte[] path(int directory, byte[] name) throws IOException {
    NativeBuffers.ofThread().name(name); // refuses what is not one component
    byte[] above = ("/proc/self/fd/" + directory + "/").getBytes(StandardCharsets.US_ASCII);
    byte[] path = Arrays.copyOf(above, above.length + name.length);
    System.arraycopy(name, 0, path, above.length, name.length);
    return path;
  }

  private static boolean startsWith(byte[] bytes, byte[] start) {
    return bytes.length >= start.length
        && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
  }
}
