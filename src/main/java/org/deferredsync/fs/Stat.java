package org.deferredsync.fs;

/**
 * What the operating system says of one file, as statx(2) gives it.
 *
 * @param device an identity within one run of the kernel only; never recorded
 * @param mode type and permission bits, as in inode(7)
 * @param uid numeric owner, 0 to 2^32-2, unsigned
 * @param gid numeric group, 0 to 2^32-2, unsigned
 * @param size bytes
 * @param blocks allocated units of 512 bytes
 * @param mtimeNs nanoseconds since 1970-01-01 UTC, negative before; exact from 1677-09-21T00:12:44
 *     to 2262-04-11T23:47:15, beyond that the smallest or the largest {@code long}
 * @param ctimeNs the same
 * @param rdev the device a device node stands for, as makedev(3) packs it; 0 for everything else
 * @param mountRoot whether it is the root of a mount; on Linux before 5.8 whether it is a directory
 *     on another device than its parent, which misses bind mounts of one file system
 */
public record Stat(
    long device,
    long inode,
    int mode,
    int nlink,
    int uid,
    int gid,
    long size,
    long blocks,
    long mtimeNs,
    long ctimeNs,
    long rdev,
    boolean mountRoot) {
  /** The bits of {@link #mode} that hold the type. */
  public static final int TYPE_MASK = 0170000;

  public static final int REGULAR = 0100000;
  public static final int DIRECTORY = 0040000;
  public static final int SYMLINK = 0120000;
  public static final int FIFO = 0010000;
  public static final int SOCKET = 0140000;
  public static final int CHARACTER_DEVICE = 0020000;
  public static final int BLOCK_DEVICE = 0060000;

  /** Up to so many bytes a file may have no blocks of its own: they lie in its inode. */
  private static final long LITTLE = 64 << 10;

  /** How many bytes of it are no holes, nearly. */
  public long data() {
    return data(size, blocks);
  }

  static long data(long size, long blocks) {
    return size <= LITTLE ? size : Math.min(size, blocks * 512);
  }

  /** One of the type constants of this class. */
  public int type() {
    return mode & TYPE_MASK;
  }

  /** The twelve permission bits. */
  public int permissions() {
    return mode & 07777;
  }

  public boolean isRegular() {
    return type() == REGULAR;
  }

  public boolean isDirectory() {
    return type() == DIRECTORY;
  }

  public boolean isSymlink() {
    return type() == SYMLINK;
  }

  Stat withMountRoot(boolean root) {
    return new Stat(
        device, inode, mode, nlink, uid, gid, size, blocks, mtimeNs, ctimeNs, rdev, root);
  }

  /** Whether both are the same object in this moment: device and inode agree. */
  public boolean sameObject(Stat other) {
    return device == other.device && inode == other.inode;
  }

  /** The same with another size: that of the bytes that were read. */
  public Stat withSize(long other) {
    return new Stat(
        device, inode, mode, nlink, uid, gid, other, blocks, mtimeNs, ctimeNs, rdev, mountRoot);
  }
}
