package org.deferredsync.cli;

/** Exit statuses that are no return code of a plugin. */
final class ExitStatus {
  static final int SUCCESS = 0;
  static final int FAILURE = 1;

  /** A host cannot be reached. */
  static final int NETWORK = 2;

  /** The configuration cannot be used. */
  static final int PREREQUISITE = 3;

  /** A wrong command line, as sysexits.h has it. */
  static final int USAGE = 64;

  private ExitStatus() {}
}
