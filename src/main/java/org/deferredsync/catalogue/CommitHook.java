package org.deferredsync.catalogue;

/**
 * Called around each commit: the seam by which tests end the process at that instant, or let the
 * commit answer with an error.
 */
public interface CommitHook {
  /** Does nothing. */
  CommitHook NONE = new CommitHook() {};

  /** Before COMMIT is called. */
  default void before() throws CatalogueException {}

  /** After COMMIT has returned. */
  default void after() throws CatalogueException {}
}
