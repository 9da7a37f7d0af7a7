package org.deferredsync.fs;

/** The process is dead: thrown by {@link FaultyPosix} at the chosen call and at each one after. */
public final class CrashError extends Error {
  private static final long serialVersionUID = 1L;

  public CrashError(String call) {
    super("crashed at " + call);
  }
}
