package org.deferredsync.fs;

import java.nio.ByteBuffer;

/** Reads the kernel's {@code struct statx} (statx(2)); the same bytes on every architecture. */
final class Statx {
  private static final long MOUNT_ROOT = 0x2000;
  private static final long NS_PER_S = 1_000_000_000L;

  /** The last whole second whose every nanosecond fits a {@code long}, and its mirror image. */
  private static final long MAX_SECOND = Long.MAX_VALUE / NS_PER_S - 1;

  private static final long MIN_SECOND = Long.MIN_VALUE / NS_PER_S;

  private Statx() {}

  /** Whether the kernel (5.8 and newer) said in this structure if it is a mount root. */
  static boolean knowsMountRoot(ByteBuffer statx) {
    return (statx.getLong(56) & MOUNT_ROOT) != 0;
  }

  static Stat read(ByteBuffer statx) {
    StatBuffer buffer = new StatBuffer();
    read(statx, buffer);
    return buffer.stat();
  }

  /** The same without a new object. */
  static void read(ByteBuffer statx, StatBuffer to) {
    int mode = statx.getShort(28) & 0xffff;
    int type = mode & Stat.TYPE_MASK;
    boolean node = type == Stat.CHARACTER_DEVICE || type == Stat.BLOCK_DEVICE;
    to.setObject(device(statx), statx.getLong(32), mode, statx.getInt(16));
    to.setOwner(statx.getInt(20), statx.getInt(24));
    to.setSize(statx.getLong(40), statx.getLong(48));
    to.setTimes(
        nanoseconds(statx.getLong(112), statx.getInt(120)),
        nanoseconds(statx.getLong(96), statx.getInt(104)));
    to.setNode(
        node ? makeDevice(statx.getInt(128), statx.getInt(132)) : 0,
        (statx.getLong(8) & statx.getLong(56) & MOUNT_ROOT) != 0);
  }

  static long device(ByteBuffer statx) {
    return makeDevice(statx.getInt(136), statx.getInt(140));
  }

  /** As makedev(3) of the GNU C library packs it. */
  static long makeDevice(int major, int minor) {
    return ((major & 0xffff_f000L) << 32)
        | ((major & 0xfffL) << 8)
        | ((minor & 0xffff_ff00L) << 12)
        | (minor & 0xffL);
  }

  /** {@code seconds} and the nanoseconds after it as one number; what does not fit saturates. */
  static long nanoseconds(long seconds, int nanoseconds) {
    if (seconds > MAX_SECOND) {
      return Long.MAX_VALUE;
    }
    if (seconds < MIN_SECOND) {
      return Long.MIN_VALUE;
    }
    return seconds * NS_PER_S + nanoseconds;
  }
}
