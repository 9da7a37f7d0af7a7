package org.deferredsync.backup;

import java.util.List;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;

/**
 * What one run is to do.
 *
 * @param sources in the order of the configuration, none twice
 * @param retention how long snapshots are kept
 * @param guard when a source is held
 * @param requiredMounts what has to be mounted
 * @param approved the sources of which the operator releases what the last run recorded
 * @param dumps names directly below the target that dumps have, which may be there before it is one
 */
public record BackupRequest(
    FilePath target,
    List<Source> sources,
    Retention retention,
    Guard guard,
    List<FilePath> requiredMounts,
    Set<FilePath> approved,
    Set<String> dumps) {
  public BackupRequest {
    sources = List.copyOf(sources);
    requiredMounts = List.copyOf(requiredMounts);
    approved = Set.copyOf(approved);
    dumps = Set.copyOf(dumps);
  }

  /** When that source is held. */
  Guard guard(FilePath source) {
    Guard own = own(source).guard();
    return own == null ? guard : own;
  }

  /** How long the snapshots of that source are kept; of any that is not here, as usual. */
  Retention retention(FilePath source) {
    Retention own = own(source).retention();
    return own == null ? retention : own;
  }

  private Source.Own own(FilePath path) {
    return sources.stream()
        .filter(source -> source.path().equals(path))
        .map(Source::own)
        .findFirst()
        .orElse(Source.Own.NOTHING);
  }
}
