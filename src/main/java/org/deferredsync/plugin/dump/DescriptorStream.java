package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.io.InputStream;
import org.deferredsync.fs.Posix;

/** Reads an open file from where it stands; closing ends the descriptor, if that is ours to end. */
final class DescriptorStream extends InputStream {
  private final Posix posix;
  private final int descriptor;
  private final boolean ours;
  private boolean closed;

  DescriptorStream(Posix posix, int descriptor) {
    this(posix, descriptor, true);
  }

  DescriptorStream(Posix posix, int descriptor, boolean ours) {
    this.ours = ours;
    this.posix = posix;
    this.descriptor = descriptor;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    if (length == 0) {
      return 0;
    }
    int count = posix.read(descriptor, buffer, offset, length);
    return count == 0 ? -1 : count;
  }

  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      if (ours) {
        posix.close(descriptor);
      }
    }
  }
}
