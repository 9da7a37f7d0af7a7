package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.snapshot.FilePath;

/**
 * What a run would do if it began now.
 *
 * @param report each source and what would become of it
 * @param additions the largest files to be copied, largest first
 * @param removals where most would be removed, most first
 * @param missing where most is gone of the sources that are held for it, most first
 * @param expiring the snapshots that would expire if it ended well
 * @param hindrance why nothing would expire; empty if it may
 */
public record Forecast(
    BackupReport report,
    Room room,
    List<Addition> additions,
    List<Removal> removals,
    List<Removal> missing,
    List<Expiring> expiring,
    String hindrance) {
  public Forecast {
    additions = List.copyOf(additions);
    removals = List.copyOf(removals);
    missing = List.copyOf(missing);
    expiring = List.copyOf(expiring);
  }

  /** A new file, or one with other bytes. */
  public record Addition(FilePath path, long bytes) {}

  /** A directory that goes with all in it, or names that go from one that stays. */
  public record Removal(FilePath path, long entries, long bytes) {}

  /**
   * A snapshot that would expire.
   *
   * @param reason why, for people
   */
  public record Expiring(FilePath source, long run, String reason) {}
}
