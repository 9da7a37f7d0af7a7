package org.deferredsync.plugin;

/** What a plugin answers: one of the four outcomes that operators and monitors know. */
public enum ReturnCode {
  SUCCESS(0),
  /** A command failed or a resource is missing. */
  FAILURE(1),
  /** A host cannot be reached. */
  NETWORK(2),
  /**
   * Something that the operator must provide here is missing: a directory, a setting, a program.
   */
  PREREQUISITE(3);

  private final int status;

  ReturnCode(int status) {
    this.status = status;
  }

  /** The number, as an exit status. */
  public int status() {
    return status;
  }

  /** This code if it is not success, else the other: the first nonzero one counts. */
  public ReturnCode or(ReturnCode later) {
    return this == SUCCESS ? later : this;
  }
}
