package org.deferredsync.backup;

import java.util.List;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;

/**
 * What one run is to do.
 *
 * @param sources in the order of the configuration, none twice
 * @param guard when a source is held
 * @param requiredMounts what has to be mounted
 * @param approved the sources of which the operator releases what the last run recorded
 */
public record BackupRequest(
    FilePath target,
    List<Source> sources,
    Retention retention,
    Guard guard,
    List<FilePath> requiredMounts,
    Set<FilePath> approved) {
  public BackupRequest {
    sources = List.copyOf(sources);
    requiredMounts = List.copyOf(requiredMounts);
    approved = Set.copyOf(approved);
  }
}
