package org.deferredsync.snapshot;

/**
 * How many regular files a source had at the end of a run, and of how many of those that had been
 * there before the run found other bytes, by their hash; each name counts.
 */
public record Turnover(long contents, long changed) {
  public static final Turnover NONE = new Turnover(0, 0);
}
