package org.deferredsync.process;

import java.io.IOException;
import java.io.OutputStream;

/** What a command reads on its standard input, which ends behind it. */
@FunctionalInterface
public interface Feed {
  /** No input at all. */
  Feed NOTHING = input -> {};

  /**
   * Writes all of it. An exception of {@code input} itself, as when the program ends without
   * reading all, has to come through as it is.
   *
   * @throws IOException if it cannot be read from where it comes; that ends the command
   */
  void writeTo(OutputStream input) throws IOException;
}
