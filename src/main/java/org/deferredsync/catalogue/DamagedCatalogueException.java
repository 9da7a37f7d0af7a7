package org.deferredsync.catalogue;

import org.jspecify.annotations.Nullable;

/** What is in the catalogue's file is not what was written; a new one can be made. */
public final class DamagedCatalogueException extends CatalogueException {
  /** What its message ends with. */
  public static final String REMEDY = "; make it again with deferred-sync rebuild";

  private static final long serialVersionUID = 1L;

  DamagedCatalogueException(String name, String what, @Nullable Exception cause) {
    super(name + ": damaged (" + what + ")" + REMEDY, cause);
  }
}
