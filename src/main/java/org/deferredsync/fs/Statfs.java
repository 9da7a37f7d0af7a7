package org.deferredsync.fs;

import java.nio.ByteBuffer;

/** Reads the kernel's {@code struct statfs} (statfs(2)) of 64-bit x86 and ARM. */
final class Statfs {
  private Statfs() {}

  static Space read(ByteBuffer statfs) {
    long unit = statfs.getLong(72) == 0 ? statfs.getLong(8) : statfs.getLong(72);
    long files = statfs.getLong(40);
    long free = statfs.getLong(48);
    return new Space(
        times(statfs.getLong(32), unit),
        files == 0 ? Long.MAX_VALUE : free,
        kind(statfs.getLong(0)));
  }

  /** The product, at most {@link Long#MAX_VALUE}: network file systems report fancy numbers. */
  private static long times(long blocks, long unit) {
    long high = Math.multiplyHigh(blocks, unit);
    long low = blocks * unit;
    return blocks < 0 || high != 0 || low < 0 ? Long.MAX_VALUE : low;
  }

  /** By the magic numbers of statfs(2); ext2 and ext3 have that of ext4. */
  private static String kind(long magic) {
    return switch ((int) magic) {
      case 0x0000EF53 -> "ext4";
      case 0x58465342 -> "xfs";
      case 0x9123683E -> "btrfs";
      case 0xF2F52010 -> "f2fs";
      case 0x2FC12FC1 -> "zfs";
      case 0x01021994 -> "tmpfs";
      default -> "";
    };
  }
}
