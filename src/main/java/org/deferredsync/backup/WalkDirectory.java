package org.deferredsync.backup;

import org.deferredsync.fs.Stat;
import org.jspecify.annotations.Nullable;

/**
 * A directory that a walk came through and has sub-directories of still to visit. Its path is that
 * of its parent and a name, so that a deep tree costs no long paths.
 */
final class WalkDirectory {
  private static final byte[] NO_NAME = {};

  private final @Nullable WalkDirectory parent;
  private final byte[] name;
  private final int pathLength;
  private final Stat stat;

  /** The top, whose path is given whole. */
  static WalkDirectory top(int pathLength, Stat stat) {
    return new WalkDirectory(null, NO_NAME, pathLength, stat);
  }

  static WalkDirectory below(WalkDirectory parent, byte[] name, Stat stat) {
    return new WalkDirectory(parent, name, parent.pathLength + 1 + name.length, stat);
  }

  private WalkDirectory(@Nullable WalkDirectory parent, byte[] name, int pathLength, Stat stat) {
    this.parent = parent;
    this.name = name;
    this.pathLength = pathLength;
    this.stat = stat;
  }

  @Nullable WalkDirectory parent() {
    return parent;
  }

  byte[] name() {
    return name;
  }

  /** What it was when it was listed. */
  Stat stat() {
    return stat;
  }

  /** Writes the path of {@code child} in this directory. */
  void writePath(PathBuffer top, byte[] child, PathBuffer to) {
    to.setLength(pathLength + 1 + child.length);
    byte[] array = to.array();
    System.arraycopy(child, 0, array, pathLength + 1, child.length);
    array[pathLength] = '/';
    for (WalkDirectory at = this; at.parent != null; at = at.parent) {
      int start = at.pathLength - at.name.length;
      System.arraycopy(at.name, 0, array, start, at.name.length);
      array[start - 1] = '/';
    }
    System.arraycopy(top.array(), 0, array, 0, top.length());
  }
}
