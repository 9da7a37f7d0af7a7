package org.deferredsync.remote;

/** A host cannot be worked with: one line that says what, where and what to do. */
public final class RemoteException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Where it failed. */
  public enum Kind {
    /** Between here and a login. */
    NETWORK,
    /** There, once logged in, or on the way of the data. */
    FAILURE,
    /** Something that the operator must provide. */
    PREREQUISITE
  }

  private final Kind kind;

  public RemoteException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
