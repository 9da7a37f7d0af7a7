package org.deferredsync.backup;

import org.deferredsync.snapshot.FilePath;

/**
 * One thing that a restore does, or would do.
 *
 * @param path where
 * @param bytes of a regular file that is written, else 0
 */
public record RestoreChange(Action action, FilePath path, long bytes) {
  /** What is done. */
  public enum Action {
    /** A file, link, special file or directory is made. */
    WRITE,
    /** A directory that is there gets its owner, mode, attributes and time. */
    SET,
    /** What is there is moved to the directory that keeps such things. */
    ASIDE
  }

  /** Takes each one as it happens. */
  public interface Watcher {
    /** Takes none. */
    Watcher NONE = change -> {};

    void take(RestoreChange change);
  }
}
