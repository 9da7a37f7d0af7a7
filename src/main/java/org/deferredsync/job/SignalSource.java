package org.deferredsync.job;

/** Knows why the job's thread was interrupted. */
@FunctionalInterface
public interface SignalSource {
  /** The name of the signal, such as {@code SIGTERM}. */
  String name();
}
