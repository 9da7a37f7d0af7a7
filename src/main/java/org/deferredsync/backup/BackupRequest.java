package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.snapshot.FilePath;

/**
 * What one run is to do.
 *
 * @param sources in the order of the configuration, none twice
 */
public record BackupRequest(FilePath target, List<Source> sources, Retention retention) {
  public BackupRequest {
    sources = List.copyOf(sources);
  }
}
