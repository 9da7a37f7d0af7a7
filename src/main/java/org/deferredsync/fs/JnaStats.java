package org.deferredsync.fs;

import static org.deferredsync.fs.NativeCall.failure;

import com.sun.jna.Native;
import java.io.IOException;
import java.util.Arrays;

/**
 * What statx(2) tells of a descriptor, a name or all names of a directory, no link followed; mount
 * roots also where the kernel, before 5.8, does not tell them.
 */
final class JnaStats {
  private JnaStats() {}

  static Stat of(int descriptor) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    int flags = Libc.AT_EMPTY_PATH | Libc.AT_NO_AUTOMOUNT;
    if (statx(descriptor, buffers.noName(), flags, buffers) == -1) {
      throw failure("statx", descriptor);
    }
    Stat stat = Statx.read(buffers.structure());
    if (stat.isDirectory() && !Statx.knowsMountRoot(buffers.structure())) {
      long above = buffers.name(new byte[] {'.', '.'});
      return asMountRoot(stat, statx(descriptor, above, Libc.AT_NO_AUTOMOUNT, buffers), buffers);
    }
    return stat;
  }

  static Stat of(int directory, byte[] name) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    int flags = Libc.AT_SYMLINK_NOFOLLOW | Libc.AT_NO_AUTOMOUNT;
    if (statx(directory, buffers.name(name), flags, buffers) == -1) {
      throw failure("statx", name);
    }
    Stat stat = Statx.read(buffers.structure());
    if (stat.isDirectory() && !Statx.knowsMountRoot(buffers.structure())) {
      int empty = Libc.AT_EMPTY_PATH;
      return asMountRoot(stat, statx(directory, buffers.noName(), empty, buffers), buffers);
    }
    return stat;
  }

  /** Looks at one name after the other while the directory is read. */
  static void each(int directory, StatSink sink) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    StatBuffer entry = new StatBuffer();
    int flags = Libc.AT_SYMLINK_NOFOLLOW | Libc.AT_NO_AUTOMOUNT;
    JnaRecords.each(
        directory,
        (records, at, end) -> {
          // The kernel reads the name where it has just written it.
          if (statx(directory, buffers.transferAddress(at), flags, buffers) == -1) {
            byte[] name = Arrays.copyOfRange(records, at, end);
            sink.failed(name, failure("statx", name));
            return;
          }
          entry.setName(records, at, end - at);
          Statx.read(buffers.structure(), entry);
          if (entry.isDirectory() && !Statx.knowsMountRoot(buffers.structure())) {
            Stat stat = entry.stat();
            long parent = statx(directory, buffers.noName(), Libc.AT_EMPTY_PATH, buffers);
            entry.setStat(asMountRoot(stat, parent, buffers));
          }
          sink.take(entry);
        });
  }

  private static long statx(int directory, long name, int flags, NativeBuffers buffers) {
    long to = buffers.structureAddress();
    long result;
    do {
      result = Libc.syscall(Libc.SYS_STATX, directory, name, flags, Libc.STATX_BASIC_STATS, to);
    } while (result == -1 && Native.getLastError() == Errno.EINTR.number());
    return result;
  }

  /** Kernels before 5.8 do not tell mount roots: there, a device other than the parent's is one. */
  private static Stat asMountRoot(Stat stat, long parent, NativeBuffers buffers) {
    if (parent == -1) {
      return stat;
    }
    Stat above = Statx.read(buffers.structure());
    boolean root = stat.device() != above.device() || stat.inode() == above.inode();
    return stat.withMountRoot(root);
  }
}
