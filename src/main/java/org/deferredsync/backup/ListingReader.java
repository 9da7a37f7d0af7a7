package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * Reads the directories of one source. A directory that changes while it is listed is listed again;
 * one that does not hold still is answered as it was last seen, as not complete.
 */
final class ListingReader {
  private static final int TRIES = 3;

  private final Posix posix;
  private final Clock clock;
  private final EntryFilter filter;
  private final List<Stat> boundaries;
  private final Problems problems;

  /**
   * @param boundaries directories that are not entered, wherever they appear: the target, and other
   *     sources
   */
  ListingReader(
      Posix posix, Clock clock, EntryFilter filter, List<Stat> boundaries, Problems problems) {
    this.posix = posix;
    this.clock = clock;
    this.filter = filter;
    this.boundaries = boundaries;
    this.problems = problems;
  }

  /** The listing of an open directory; an entry that cannot be looked at is noted as a problem. */
  Listing read(int directory, FilePath path) throws IOException {
    Listing listing = readOnce(directory, path);
    for (int i = 1; i < TRIES && !listing.complete(); i++) {
      listing = readOnce(directory, path);
    }
    return listing;
  }

  private Listing readOnce(int directory, FilePath path) throws IOException {
    long young = RacyWindow.beginsAt(clock);
    Stat before = posix.stat(directory);
    List<byte[]> names = new ArrayList<>();
    posix.list(directory, entry -> names.add(entry.name()));
    ListingDigest digest =
        new ListingDigest(filter.fingerprint(), posix.effectiveUser() == 0, before);
    List<Listed> entries = new ArrayList<>(names.size());
    boolean complete = true;
    boolean settled = before.ctimeNs() < young && before.mtimeNs() < young;
    for (byte[] name : names) {
      FilePath child = path.child(name);
      if (path.isRoot() && Target.isOurs(name)) {
        problems.unreadable(child, new IOException("has the name of something in the target"));
        settled = false;
        continue;
      }
      Stat stat;
      try {
        stat = posix.stat(directory, name);
      } catch (PosixException e) {
        complete = false;
        settled = false;
        if (!e.is(Errno.ENOENT)) {
          problems.unreadable(child, e);
        }
        continue;
      }
      if (filter.excludes(child, stat.isDirectory()) || isBoundary(stat)) {
        continue;
      }
      entries.add(new Listed(name, stat));
      digest.add(name, stat);
      settled &= stat.ctimeNs() < young;
    }
    Stat after = posix.stat(directory);
    boolean still = before.mtimeNs() == after.mtimeNs() && before.ctimeNs() == after.ctimeNs();
    return new Listing(path, before, entries, digest.value(), complete && still, settled && still);
  }

  private boolean isBoundary(Stat stat) {
    if (stat.isDirectory()) {
      for (Stat boundary : boundaries) {
        if (boundary.sameObject(stat)) {
          return true;
        }
      }
    }
    return false;
  }
}
