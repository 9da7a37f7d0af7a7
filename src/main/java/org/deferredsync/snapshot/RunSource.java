package org.deferredsync.snapshot;

import java.util.List;
import java.util.Optional;

/**
 * One source in one run.
 *
 * @param reason why the state is what it is, a whole sentence; empty when all is as it should be
 * @param expired whether this state of the source can no longer be restored
 * @param holds what the guard found, at most one of a kind
 */
public record RunSource(
    FilePath source,
    SourceState state,
    String reason,
    Counts counts,
    boolean expired,
    Turnover turnover,
    List<Hold> holds) {
  public RunSource {
    holds = List.copyOf(holds);
  }

  /** One in which the guard found nothing. */
  public RunSource(
      FilePath source, SourceState state, String reason, Counts counts, boolean expired) {
    this(source, state, reason, counts, expired, Turnover.NONE, List.of());
  }

  /** What the guard found of this kind. */
  public Optional<Hold> hold(Hold.Kind kind) {
    return holds.stream().filter(hold -> hold.kind() == kind).findFirst();
  }

  /** Whether snapshots of the source may expire after this run. */
  public boolean releasesOlder() {
    return state == SourceState.COMPLETE && holds.isEmpty();
  }
}
