package org.deferredsync.backup;

import org.deferredsync.snapshot.FilePath;

/** The engine cannot go on: one line that says what, where and what to do. */
public final class BackupException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Whose turn it is. */
  public enum Kind {
    /**
     * Something that the operator must provide or mend before anything is done: nothing was
     * changed.
     */
    PREREQUISITE,
    /** The work failed; what was committed stays, and the next run goes on from there. */
    FAILURE
  }

  private final Kind kind;

  public BackupException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public BackupException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  static BackupException prerequisite(String message) {
    return new BackupException(Kind.PREREQUISITE, message);
  }

  /** There is nothing of ours where BACKUPTO says. */
  static BackupException noTarget(FilePath path) {
    return prerequisite(
        "BACKUPTO="
            + path
            + ": no target yet, or its disk is not mounted; mount it, or run a backup first");
  }

  static BackupException failure(String message) {
    return new BackupException(Kind.FAILURE, message);
  }
}
