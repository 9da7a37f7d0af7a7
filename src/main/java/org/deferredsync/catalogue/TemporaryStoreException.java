package org.deferredsync.catalogue;

/** A temporary database failed, which is no part of the target. */
public final class TemporaryStoreException extends CatalogueException {
  private static final long serialVersionUID = 1L;

  TemporaryStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
