package org.deferredsync.process;

import java.io.IOException;

/** Takes what a command writes on its standard output, as bytes and as it comes. */
@FunctionalInterface
public interface ByteSink {
  /**
   * Takes the first {@code length} bytes; the array is used again afterwards.
   *
   * @throws IOException if they cannot be kept; that ends the command
   */
  void take(byte[] bytes, int length) throws IOException;
}
