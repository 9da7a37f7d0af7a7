package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.catalogue.Catalogue.Upkeep;
import org.deferredsync.snapshot.RunSource;
import org.jspecify.annotations.Nullable;

/**
 * How a run went, its sources in the order of the configuration.
 *
 * @param run its id, or null for a dry run
 * @param clockDoubt why the clock cannot be believed, so that nothing expires; empty if it can
 * @param upkeep what was last done to the target
 */
public record BackupReport(
    @Nullable Long run, List<SourceReport> sources, String clockDoubt, Upkeep upkeep) {
  public BackupReport {
    sources = List.copyOf(sources);
  }

  /** Whether a source is as it should be, and if not whose turn it is. */
  public enum Verdict {
    GOOD,
    /** Something failed. */
    FAILED,
    /** The operator has to provide something. */
    PREREQUISITE
  }

  /** One source. */
  public record SourceReport(RunSource result, Verdict verdict) {}

  /** The verdict on the first source that is not good; a clock in doubt is a failure. */
  public Verdict verdict() {
    return sources.stream()
        .map(SourceReport::verdict)
        .filter(verdict -> verdict != Verdict.GOOD)
        .findFirst()
        .orElse(clockDoubt.isEmpty() ? Verdict.GOOD : Verdict.FAILED);
  }
}
