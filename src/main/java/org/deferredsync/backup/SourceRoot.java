package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * A source of this run, open from the ground check to the end: all its paths are opened below this
 * one descriptor, so that an unmount in between is refused or seen, and never read as a removal.
 *
 * @param index its place in the order of the configuration
 * @param mounts directories that were mounts when they were stored and ought to be still
 * @param others the paths of all other sources of the configuration, whether they could be opened
 *     or not, and of mounts that are lost
 */
record SourceRoot(
    int index,
    FilePath path,
    int descriptor,
    Stat stat,
    DirectoryTree tree,
    ListingReader reader,
    Problems problems,
    LostMounts lostMounts,
    Set<FilePath> mounts,
    List<FilePath> others) {

  /** Mounts in the source that went away since it was opened, so that what was read is not all. */
  List<FilePath> lostMeanwhile() throws IOException {
    List<FilePath> lost = new ArrayList<>();
    for (FilePath mount : mounts) {
      boolean mine = path.contains(mount) && !mount.equals(path) && !holdsAnother(mount);
      if (mine && !reader.leavesOut(mount, true) && isLost(mount)) {
        lost.add(mount);
      }
    }
    return lost;
  }

  private boolean isLost(FilePath mount) throws IOException {
    try {
      Stat there = tree.statOrNull(mount);
      return there == null || !there.mountRoot();
    } catch (PosixException e) {
      return false; // what keeps it from being looked at is the scan's to tell
    }
  }

  /**
   * Whether another source of the configuration is at or below the path, which alone judges what is
   * there; or a lost mount, which nobody can judge.
   */
  boolean holdsAnother(FilePath below) {
    return others.stream().anyMatch(below::contains);
  }

  /** Whether another source, deeper than this one, holds the path or a place at or below it. */
  boolean leavesToAnother(FilePath at) {
    return holdsAnother(at)
        || others.stream().anyMatch(other -> path.contains(other) && other.contains(at));
  }

  void close(Posix posix) throws IOException {
    tree.close();
    posix.close(descriptor);
  }
}
