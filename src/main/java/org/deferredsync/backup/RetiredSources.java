package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.Prune.Removal;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;

/**
 * The sources that a target knows and the configuration does not: only such a one may be removed,
 * and what another source has of it stays.
 */
final class RetiredSources {
  private final Set<FilePath> configured;

  RetiredSources(Set<FilePath> configured) {
    this.configured = configured;
  }

  /** Refuses one that is configured. */
  void require(FilePath source) throws BackupException {
    if (configured.contains(source)) {
      throw BackupException.prerequisite(
          source + ": is in BACKUPDIRS; only a source that is not any more can be removed");
    }
  }

  /** Those of which an earlier removal was cut short. */
  List<FilePath> halfRemoved(Catalogue catalogue) throws IOException {
    return catalogue.runs().removals().stream()
        .filter(source -> !configured.contains(source))
        .toList();
  }

  /**
   * What removing the source would take away.
   *
   * @throws BackupException if the target does not know it
   */
  Removal removal(Catalogue catalogue, FilePath source) throws BackupException, IOException {
    List<Run> runs = catalogue.runs().list();
    requireKnown(runs, source);
    FilePath around =
        others(runs, source).stream()
            .filter(other -> other.contains(source))
            .findFirst()
            .orElse(null);
    long snapshots = new KeptRuns(runs).count(source);
    return new Removal(snapshots, catalogue.entries().countBelow(source), around, 0, 0);
  }

  private void requireKnown(List<Run> runs, FilePath source) throws BackupException {
    Set<FilePath> known = new TreeSet<>();
    for (Run run : runs) {
      run.sources().stream().map(RunSource::source).forEach(known::add);
    }
    if (known.contains(source)) {
      return;
    }
    known.removeAll(configured);
    String retired =
        known.isEmpty()
            ? "it has no retired source"
            : "its retired sources: "
                + String.join(", ", known.stream().map(FilePath::toString).toList());
    throw BackupException.failure(source + ": not a source of this target; " + retired);
  }

  /** Every other source that is configured, or has a snapshot. */
  Set<FilePath> others(List<Run> runs, FilePath source) {
    Set<FilePath> others = new TreeSet<>(configured);
    others.addAll(new KeptRuns(runs).sources());
    others.remove(source);
    return others;
  }
}
