package org.deferredsync.catalogue;

/** Called around each commit: the seam by which tests end the process at that instant. */
public interface CommitHook {
  /** Does nothing. */
  CommitHook NONE = new CommitHook() {};

  /** Before COMMIT is called. */
  default void before() {}

  /** After COMMIT has returned. */
  default void after() {}
}
