package org.deferredsync.catalogue;

/**
 * A COMMIT that answered with an error: it may have happened all the same. Only a fresh connection
 * can tell, so the run ends and leaves everything as it is for recovery.
 */
public final class CommitOutcomeUnknownException extends CatalogueException {
  private static final long serialVersionUID = 1L;

  public CommitOutcomeUnknownException(Throwable cause) {
    super("the catalogue's commit failed; the next run finds out whether it happened", cause);
  }
}
