package org.deferredsync.fs;

import java.util.Arrays;

/**
 * One name of a directory with its {@link Stat}, filled anew for each name by {@link
 * Posix#statEach}: what has to outlive that is copied out.
 */
public final class StatBuffer {
  private byte[] names = new byte[0];
  private int nameAt;
  private int nameLength;
  private long device;
  private long inode;
  private int mode;
  private int nlink;
  private int uid;
  private int gid;
  private long size;
  private long blocks;
  private long mtimeNs;
  private long ctimeNs;
  private long rdev;
  private boolean mountRoot;

  StatBuffer() {}

  /** Sets the name, which is not copied. */
  void setName(byte[] in, int at, int length) {
    names = in;
    nameAt = at;
    nameLength = length;
  }

  void setStat(Stat stat) {
    setObject(stat.device(), stat.inode(), stat.mode(), stat.nlink());
    setOwner(stat.uid(), stat.gid());
    setSize(stat.size(), stat.blocks());
    setTimes(stat.mtimeNs(), stat.ctimeNs());
    setNode(stat.rdev(), stat.mountRoot());
  }

  void setObject(long newDevice, long newInode, int newMode, int newNlink) {
    device = newDevice;
    inode = newInode;
    mode = newMode;
    nlink = newNlink;
  }

  void setOwner(int newUid, int newGid) {
    uid = newUid;
    gid = newGid;
  }

  void setSize(long newSize, long newBlocks) {
    size = newSize;
    blocks = newBlocks;
  }

  void setTimes(long newMtimeNs, long newCtimeNs) {
    mtimeNs = newMtimeNs;
    ctimeNs = newCtimeNs;
  }

  void setNode(long newRdev, boolean newMountRoot) {
    rdev = newRdev;
    mountRoot = newMountRoot;
  }

  public int nameLength() {
    return nameLength;
  }

  /** Puts the bytes of the name into {@code to} from {@code at} on. */
  public void copyName(byte[] to, int at) {
    System.arraycopy(names, nameAt, to, at, nameLength);
  }

  /** The bytes of the name; the caller's own copy. */
  public byte[] name() {
    return Arrays.copyOfRange(names, nameAt, nameAt + nameLength);
  }

  /** What it is, to be kept. */
  public Stat stat() {
    return new Stat(
        device, inode, mode, nlink, uid, gid, size, blocks, mtimeNs, ctimeNs, rdev, mountRoot);
  }

  public long device() {
    return device;
  }

  public long inode() {
    return inode;
  }

  /** Type and permission bits; this and what follows as in {@link Stat}. */
  public int mode() {
    return mode;
  }

  public int nlink() {
    return nlink;
  }

  public int uid() {
    return uid;
  }

  public int gid() {
    return gid;
  }

  public long size() {
    return size;
  }

  /** See {@link Stat#data}. */
  public long data() {
    return Stat.data(size, blocks);
  }

  public long mtimeNs() {
    return mtimeNs;
  }

  public long ctimeNs() {
    return ctimeNs;
  }

  public long rdev() {
    return rdev;
  }

  public boolean mountRoot() {
    return mountRoot;
  }

  public boolean isRegular() {
    return (mode & Stat.TYPE_MASK) == Stat.REGULAR;
  }

  public boolean isDirectory() {
    return (mode & Stat.TYPE_MASK) == Stat.DIRECTORY;
  }
}
