package org.deferredsync.backup;

import java.io.IOException;

/** Something of a source could not be read; its older version stays. Never said of the target. */
final class SourceException extends Exception {
  private static final long serialVersionUID = 1L;

  private final IOException reason;

  SourceException(IOException reason) {
    super(reason.getMessage(), reason);
    this.reason = reason;
  }

  IOException reason() {
    return reason;
  }

  /** A call that reads from the source. */
  interface Reading<T> {
    T read() throws IOException;
  }

  /** What the call answers; its failure is the source's. */
  static <T> T reading(Reading<T> call) throws SourceException {
    try {
      return call.read();
    } catch (IOException e) {
      throw new SourceException(e);
    }
  }
}
