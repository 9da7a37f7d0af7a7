package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * Directories in a source that were mounts, or have to be, and are none now. What lay in them is
 * not gone but out of sight: such a directory is not entered, and nothing in it is judged.
 *
 * @param paths where they are
 * @param required those of them that the operator requires
 * @param there what lies there instead, where anything does
 */
record LostMounts(List<FilePath> paths, Set<FilePath> required, List<Stat> there) {
  LostMounts {
    paths = List.copyOf(paths);
    required = Set.copyOf(required);
    there = List.copyOf(there);
  }

  /**
   * What ought to be mounted.
   *
   * @param former every directory that was a mount when it was stored, but for those whose absence
   *     the operator has released
   */
  record Expected(Set<FilePath> former, RequiredMounts required) {
    static final Expected NOTHING = new Expected(Set.of(), RequiredMounts.NONE);
  }

  /**
   * Looks at what ought to be a mount in the source.
   *
   * @param tree the source's
   */
  static LostMounts find(Posix posix, Source source, DirectoryTree tree, Expected expected)
      throws IOException {
    Set<FilePath> required = new LinkedHashSet<>(expected.required().absent());
    Set<FilePath> mounts = new LinkedHashSet<>(expected.former());
    mounts.addAll(required);
    List<FilePath> paths = new ArrayList<>();
    List<Stat> there = new ArrayList<>();
    for (FilePath mount : mounts) {
      FilePath parent = mount.parent();
      if (parent == null
          || mount.equals(source.path())
          || !source.path().contains(mount)
          || source.omissions().oneFileSystem()
          || isLeftOut(source, mount)) {
        continue;
      }
      try {
        Stat stat = posix.stat(tree.open(parent), mount.name());
        if (!stat.mountRoot()) {
          paths.add(mount);
          there.add(stat);
        }
      } catch (PosixException e) {
        if (e.isGone()) {
          paths.add(mount);
        }
        // Whatever else keeps it from being looked at is the scan's to tell.
      }
    }
    required.retainAll(paths);
    return new LostMounts(paths, required, there);
  }

  /** A rule that leaves the place out is how an operator says that it is meant. */
  private static boolean isLeftOut(Source source, FilePath mount) {
    for (FilePath at = mount; !at.equals(source.path()); at = at.above()) {
      if (source.filter().excludes(at, true)) {
        return true;
      }
    }
    return false;
  }

  /** Those that the operator can release. */
  List<FilePath> releasable() {
    return paths.stream().filter(path -> !required.contains(path)).toList();
  }
}
