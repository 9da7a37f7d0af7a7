package org.deferredsync.backup;

import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** What the catalogue keeps of a {@link Stat}. */
final class Versions {
  private Versions() {}

  /** A directory or special file. */
  static Version of(Stat stat) {
    return of(stat, null, null, null, false);
  }

  /**
   * The metadata of {@code stat} with the bytes of {@code version}, which has the same type; what
   * has been found to have them did not change meanwhile.
   */
  static Version like(Stat stat, Version version) {
    return of(stat, version.linkTarget(), version.linkGroup(), version.content(), false)
        .withXattr(version.xattr());
  }

  /** Anything, without its attributes. */
  static Version of(
      Stat stat,
      byte @Nullable [] target,
      @Nullable Long linkGroup,
      @Nullable Long content,
      boolean inconsistent) {
    return new Version(
        stat.mode(),
        stat.uid(),
        stat.gid(),
        stat.isRegular() ? stat.size() : 0,
        stat.mtimeNs(),
        stat.rdev(),
        target,
        linkGroup,
        null,
        content,
        inconsistent);
  }

  static Evidence evidence(Stat stat, boolean racy) {
    return new Evidence(stat.ctimeNs(), stat.inode(), stat.nlink(), racy, stat.mountRoot());
  }

  /**
   * Whether type, size and all times and numbers are those of the stored entry: then so are the
   * bytes.
   */
  static boolean sameEvidence(Stat stat, org.deferredsync.snapshot.Entry entry) {
    Version version = entry.version();
    Evidence evidence = entry.evidence();
    return stat.mode() == version.mode()
        && stat.uid() == version.uid()
        && stat.gid() == version.gid()
        && (!stat.isRegular() || stat.size() == version.size())
        && stat.mtimeNs() == version.mtimeNs()
        && stat.rdev() == version.rdev()
        && stat.ctimeNs() == evidence.ctimeNs()
        && stat.inode() == evidence.inode()
        && stat.nlink() == evidence.nlink()
        && stat.mountRoot() == evidence.mountRoot()
        && !evidence.racy();
  }
}
