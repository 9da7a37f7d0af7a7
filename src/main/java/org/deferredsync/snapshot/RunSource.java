package org.deferredsync.snapshot;

/**
 * One source in one run.
 *
 * @param reason why the state is what it is, a whole sentence; empty when complete
 * @param expired whether this state of the source can no longer be restored
 */
public record RunSource(
    FilePath source, SourceState state, String reason, Counts counts, boolean expired) {}
