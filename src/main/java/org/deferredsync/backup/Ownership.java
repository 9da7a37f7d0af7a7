package org.deferredsync.backup;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;

/**
 * Which source a past version belongs to, where sources became wider or narrower over time: the
 * deepest of the run that ended it. Another source that holds the path may need it all the same.
 */
final class Ownership {
  private final Map<Long, List<FilePath>> sourcesOfRun = new HashMap<>();
  private final Map<FilePath, TreeSet<Long>> restorable = new HashMap<>();

  Ownership(List<Run> runs) {
    for (Run run : runs) {
      sourcesOfRun.put(run.id(), run.sources().stream().map(RunSource::source).toList());
      for (RunSource source : run.sources()) {
        if (source.state().restorable() && !source.expired()) {
          restorable.computeIfAbsent(source.source(), path -> new TreeSet<>()).add(run.id());
        }
      }
    }
  }

  /**
   * Whether {@code source} alone decides about the version, and no snapshot of another one shows
   * it.
   */
  boolean mayExpire(Old old, FilePath source) {
    FilePath owner = null;
    for (FilePath candidate : sourcesOfRun.getOrDefault(old.until(), List.of())) {
      boolean deeper = owner == null || candidate.length() > owner.length();
      if (candidate.contains(old.path()) && deeper) {
        owner = candidate;
      }
    }
    return source.equals(owner) && !isNeededElsewhere(old, source);
  }

  private boolean isNeededElsewhere(Old old, FilePath source) {
    return restorable.entrySet().stream()
        .filter(other -> !other.getKey().equals(source) && other.getKey().contains(old.path()))
        .anyMatch(
            other -> {
              Long run = other.getValue().ceiling(old.since());
              return run != null && run < old.until();
            });
  }
}
