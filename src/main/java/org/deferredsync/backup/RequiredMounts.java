package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/** The mounts that the operator requires, as far as they are not there. */
record RequiredMounts(List<FilePath> absent) {
  static final RequiredMounts NONE = new RequiredMounts(List.of());

  RequiredMounts {
    absent = List.copyOf(absent);
  }

  /** Looks at each of the paths. */
  static RequiredMounts look(Posix posix, List<FilePath> required) throws IOException {
    List<FilePath> absent = new ArrayList<>();
    for (FilePath path : required) {
      if (!isMounted(posix, path)) {
        absent.add(path);
      }
    }
    return new RequiredMounts(absent);
  }

  private static boolean isMounted(Posix posix, FilePath path) throws IOException {
    int directory;
    try {
      directory = posix.openPath(path.bytes());
    } catch (PosixException e) {
      return false; // whatever keeps us out of it, it does not serve
    }
    try {
      List<Stat> upwards = SourceOverlap.ancestors(posix, directory);
      return upwards.get(0).mountRoot()
          || upwards.size() == 1
          || upwards.get(0).device() != upwards.get(1).device();
    } finally {
      posix.close(directory);
    }
  }

  /** The absent mount that the path would lie on. */
  Optional<FilePath> absentAround(FilePath path) {
    return absent.stream().filter(mount -> mount.contains(path)).findFirst();
  }

  /**
   * Requires that the target lies on none of them.
   *
   * @throws BackupException if it does
   */
  void checkTarget(FilePath target) throws BackupException {
    Optional<FilePath> mount = absentAround(target);
    if (mount.isPresent()) {
      throw BackupException.prerequisite(
          "BACKUPTO=" + target + ": " + describe(mount.get()) + ". Nothing was written");
    }
  }

  /** That one of them is absent, and the remedy. */
  static String describe(FilePath mount) {
    return mount + ", which REQUIRED_MOUNTS names, is not mounted; mount it, or take it out there";
  }
}
