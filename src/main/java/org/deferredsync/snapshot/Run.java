package org.deferredsync.snapshot;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run as the catalogue has it; the sources in the order of their paths.
 *
 * @param id 1, 2, 3, … on its target
 * @param ended null if the run is under way or was interrupted
 * @param increment the name of the directory with what it displaced, or null if it displaced
 *     nothing
 */
public record Run(
    long id,
    Instant started,
    @Nullable Instant ended,
    @Nullable String increment,
    List<RunSource> sources) {
  public Run {
    sources = List.copyOf(sources);
  }

  /** The worst state of its sources, in the order interrupted, held, partial, complete. */
  public SourceState state() {
    SourceState worst = sources.isEmpty() ? SourceState.INTERRUPTED : SourceState.COMPLETE;
    for (RunSource source : sources) {
      if (source.state().compareTo(worst) > 0) {
        worst = source.state();
      }
    }
    return worst;
  }

  /** Whether anything of it can be restored. */
  public boolean restorable() {
    return sources.stream().anyMatch(source -> source.state().restorable() && !source.expired());
  }

  /** The sum over its sources. */
  public Counts counts() {
    return sources.stream().map(RunSource::counts).reduce(Counts.NONE, Counts::plus);
  }
}
