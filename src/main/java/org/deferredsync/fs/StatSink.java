package org.deferredsync.fs;

import java.io.IOException;

/** Takes what {@link Posix#statEach} finds, name by name. Makes no call of {@link Posix} itself. */
public interface StatSink {
  /** A name and what it was; the buffer is good until this returns. */
  void take(StatBuffer entry) throws IOException;

  /** A name that could not be looked at, with ENOENT if it has gone meanwhile. */
  void failed(byte[] name, PosixException cause) throws IOException;
}
