package org.deferredsync.backup;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Hold.Kind;

/** Which directories were mounts when they were stored, and how much lay in them. */
final class MountMemory {
  private final Catalogue catalogue;

  MountMemory(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** Those that still ought to be: all but those whose absence the operator has released. */
  Set<FilePath> expected(List<Source> sources, GuardMemory memory) throws IOException {
    Set<FilePath> expected = new LinkedHashSet<>(catalogue.entries().mountRoots());
    for (Source source : sources) {
      for (Hold released : memory.released(source.path())) {
        if (Guard.covers(List.of(released), hold(source.path(), released.mounts()))) {
          expected.removeAll(released.mounts());
        }
      }
    }
    return expected;
  }

  /** That these are not mounted, with how many entries were in them. */
  Hold hold(FilePath source, List<FilePath> mounts) throws IOException {
    long entries = 0;
    for (FilePath mount : mounts) {
      boolean inner = mounts.stream().anyMatch(other -> isAbove(other, mount));
      if (!inner) {
        long below = catalogue.entries().countBelow(mount);
        entries += mount.equals(source) ? below : below + 1;
      }
    }
    return new Hold(Kind.UNMOUNTED, entries, entries, mounts);
  }

  private static boolean isAbove(FilePath other, FilePath path) {
    return !other.equals(path) && other.contains(path);
  }
}
