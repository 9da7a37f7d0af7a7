package org.deferredsync.catalogue;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The catalogue cannot be read or written; nothing that was committed before is lost by it. */
public class CatalogueException extends IOException {
  private static final long serialVersionUID = 1L;

  public CatalogueException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  public CatalogueException(String message) {
    super(message);
  }
}
