package org.deferredsync.backup;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.snapshot.FilePath;

/**
 * Which run's state each of some snapshots shows of a path. The answer is the same for all paths
 * with the same deepest source above them, so it is found once for each source.
 */
final class RunsByPath {
  private final long[] none;
  private final Map<FilePath, long[]> runs = new HashMap<>();

  RunsByPath(List<Snapshot> snapshots) {
    this.none = new long[snapshots.size()];
    Set<FilePath> sources = new TreeSet<>();
    for (Snapshot snapshot : snapshots) {
      snapshot.sources().forEach(source -> sources.add(source.path()));
    }
    for (FilePath source : sources) {
      runs.put(
          source,
          snapshots.stream()
              .mapToLong(each -> each.sourceOf(source).map(Snapshot.SourceAt::run).orElse(0L))
              .toArray());
    }
  }

  /** The run of each snapshot, 0 where the path is in no source; not to be changed. */
  long[] of(FilePath path) {
    long[] found = none;
    int length = -1;
    for (Map.Entry<FilePath, long[]> each : runs.entrySet()) {
      FilePath source = each.getKey();
      if (source.length() > length && source.contains(path)) {
        found = each.getValue();
        length = source.length();
      }
    }
    return found;
  }

  /** That of the path {@code name} in a directory of which {@link #of} is known. */
  long[] of(FilePath path, long[] ofDirectory) {
    return runs.getOrDefault(path, ofDirectory);
  }

  /** Those of the sources right in the directory, which may differ from the directory's. */
  List<long[]> ofSourcesIn(FilePath directory) {
    return runs.entrySet().stream()
        .filter(each -> directory.equals(each.getKey().parent()))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** Those of all sources below the path. */
  List<long[]> ofSourcesBelow(FilePath path) {
    return runs.entrySet().stream()
        .filter(each -> path.contains(each.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }
}
