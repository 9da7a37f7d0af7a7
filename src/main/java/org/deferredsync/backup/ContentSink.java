package org.deferredsync.backup;

import java.io.IOException;

/** Takes the bytes of one file: begun, then parts in rising order, then ended or dropped. */
interface ContentSink {
  /** An empty file begins. */
  void begin() throws IOException;

  /**
   * The next bytes that are no hole; the array belongs to the sink from now on.
   *
   * @param position of the first of them in the file
   */
  void data(long position, byte[] bytes, int length) throws IOException;

  /** The bytes were the right ones; the file has {@code size} of them, the last perhaps a hole. */
  void end(long size) throws IOException;

  /** They were not: the file is to go away again. */
  void drop() throws IOException;
}
