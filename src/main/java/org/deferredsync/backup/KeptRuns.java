package org.deferredsync.backup;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;

/**
 * The runs whose state of a source can still be restored. A past version is needed as long as one
 * of them shows it, of whichever source: sources may have become wider or narrower over time.
 */
final class KeptRuns {
  private final Map<FilePath, TreeSet<Long>> bySource = new HashMap<>();

  KeptRuns(List<Run> runs) {
    for (Run run : runs) {
      for (RunSource source : run.sources()) {
        if (source.state().restorable() && !source.expired()) {
          bySource.computeIfAbsent(source.source(), path -> new TreeSet<>()).add(run.id());
        }
      }
    }
  }

  /** The sources of which there is any. */
  Set<FilePath> sources() {
    return new TreeSet<>(bySource.keySet());
  }

  /** How many there are of a source. */
  int count(FilePath source) {
    return bySource.getOrDefault(source, new TreeSet<>()).size();
  }

  /** The runs between whose neighbours no other is kept: the last before and the first after. */
  Gap around(FilePath source, long expired) {
    TreeSet<Long> kept = bySource.getOrDefault(source, new TreeSet<>());
    Long before = kept.lower(expired);
    Long after = kept.higher(expired);
    return new Gap(before == null ? 0 : before, after == null ? Long.MAX_VALUE : after);
  }

  /** What was there only between two neighbouring kept runs is needed by neither. */
  record Gap(long after, long before) implements Comparable<Gap> {
    @Override
    public int compareTo(Gap other) {
      return Long.compare(after, other.after);
    }
  }

  /** Whether a kept run shows what was at the path from the run {@code since} until another. */
  boolean shows(FilePath path, long since, long until) {
    return bySource.entrySet().stream()
        .filter(source -> source.getKey().contains(path))
        .map(Map.Entry::getValue)
        .anyMatch((SortedSet<Long> kept) -> !kept.subSet(since, until).isEmpty());
  }
}
