package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.SourceGround.Opened;
import org.deferredsync.backup.SourceGround.Skipped;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.MountTable;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * Tells whether sources and target lie in each other: by device and inode, and by mounts, so that
 * neither links nor bind mounts hide it.
 */
final class SourceOverlap {
  private static final byte[] PARENT = {'.', '.'};

  private SourceOverlap() {}

  /**
   * Requires that no source holds the target or lies in it.
   *
   * @param targetRoot a descriptor of the target's root
   */
  static void check(Posix posix, List<Opened> sources, FilePath target, int targetRoot)
      throws BackupException, IOException {
    Stat targetStat = posix.stat(targetRoot);
    List<Stat> targetAncestors = ancestors(posix, targetRoot);
    MountTable mounts = MountTable.ofSystem();
    for (Opened one : sources) {
      checkTarget(one, target, targetStat, targetAncestors);
      checkPlaces(one, target, mounts);
    }
  }

  /** The directory's own stat first, then each one above it up to the root. */
  static List<Stat> ancestors(Posix posix, int directory) throws IOException {
    List<Stat> chain = new ArrayList<>();
    int current = directory;
    try {
      while (true) {
        Stat stat = posix.stat(current);
        if (!chain.isEmpty() && chain.get(chain.size() - 1).sameObject(stat)) {
          return chain;
        }
        chain.add(stat);
        int up;
        try {
          up = posix.openDirectory(current, PARENT);
        } catch (PosixException e) {
          if (e.is(Errno.EACCES)) {
            return chain; // an ordinary user sees no further up
          }
          throw e;
        }
        int below = current;
        current = up;
        if (below != directory) {
          posix.close(below);
        }
      }
    } finally {
      if (current != directory) {
        posix.close(current);
      }
    }
  }

  private static void checkTarget(
      Opened source, FilePath target, Stat targetStat, List<Stat> targetAncestors)
      throws BackupException {
    FilePath path = source.source().path();
    if (source.stat().sameObject(targetStat)) {
      throw BackupException.prerequisite(
          "BACKUPDIRS: " + path + " is the target " + target + " itself; take it out");
    }
    if (contains(source.ancestors(), targetStat)) {
      throw inTarget(path, target);
    }
    if (contains(targetAncestors, source.stat())
        && !(path.isRoot()
            && (isExcluded(source.source(), target) || isBeyond(source, targetAncestors)))) {
      throw holdsTarget(path, target);
    }
  }

  /** The same of what bind mounts show. */
  private static void checkPlaces(Opened source, FilePath target, MountTable mounts)
      throws BackupException {
    FilePath path = source.source().path();
    Optional<Place> ofSource = Place.of(path, mounts);
    Optional<Place> ofTarget = Place.of(target, mounts);
    if (ofSource.isEmpty() || ofTarget.isEmpty()) {
      return;
    }
    if (ofTarget.get().contains(ofSource.get())) {
      throw inTarget(path, target);
    }
    if (ofSource.get().contains(ofTarget.get()) && !isExcluded(source.source(), target)) {
      throw holdsTarget(path, target);
    }
  }

  private static BackupException holdsTarget(FilePath path, FilePath target) {
    return BackupException.prerequisite(
        "BACKUPDIRS: "
            + path
            + " contains the target "
            + target
            + "; take it out, or move BACKUPTO elsewhere");
  }

  static BackupException inTarget(FilePath path, FilePath target) {
    return BackupException.prerequisite(
        "BACKUPDIRS: " + path + " lies in the target " + target + "; take it out");
  }

  private static boolean contains(List<Stat> chain, Stat stat) {
    return chain.stream().anyMatch(stat::sameObject);
  }

  /** Whether a rule keeps the walk of the source from ever reaching {@code path}. */
  static boolean isExcluded(Source source, FilePath path) {
    if (!source.path().contains(path)) {
      return false; // lies there by a bind mount or a link, which no rule tells of
    }
    for (FilePath at = path; !at.equals(source.path()); at = at.above()) {
      if (source.filter().excludes(at, true)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether the source keeps to one file system, and its walk ends before it comes to what has
   * these directories above it.
   *
   * @param upwards from itself to the root of the file system
   */
  private static boolean isBeyond(Opened source, List<Stat> upwards) {
    if (!source.source().omissions().oneFileSystem()) {
      return false;
    }
    return upwards.stream()
        .takeWhile(stat -> !stat.sameObject(source.stat()))
        .anyMatch(stat -> OmissionPass.isBeyond(stat, source.stat()));
  }

  /** The sources that lie in no other one; those that do are added to {@code skipped}. */
  static List<Opened> withoutNested(List<Opened> opened, List<Skipped> skipped) {
    List<Opened> apart = new ArrayList<>();
    for (Opened inner : opened) {
      Optional<Opened> outer =
          opened.stream()
              .filter(other -> other.index() != inner.index())
              .filter(other -> contains(inner.ancestors(), other.stat()))
              .filter(other -> !isSameAndLater(inner, other))
              .filter(other -> !isExcluded(other.source(), inner.source().path()))
              .filter(other -> !isBeyond(other, inner.ancestors()))
              .findFirst();
      if (outer.isPresent()) {
        skipped.add(
            new Skipped(
                inner.index(),
                inner.source().path(),
                (inner.stat().sameObject(outer.get().stat())
                        ? "is the source " + outer.get().source().path() + " by another name"
                        : "lies in the source " + outer.get().source().path())
                    + "; take one of the two out",
                true,
                null));
      } else {
        apart.add(inner);
      }
    }
    return apart;
  }

  /** Of two paths to one directory the first is the source, and the second lies in it. */
  private static boolean isSameAndLater(Opened one, Opened other) {
    return one.stat().sameObject(other.stat()) && other.index() > one.index();
  }
}
