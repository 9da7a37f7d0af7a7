package org.deferredsync.process;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/** A program ended, or closed its input, before it had read all that it was given. */
final class Unread extends IOException {
  private static final long serialVersionUID = 1L;

  private Unread(IOException cause) {
    super(cause);
  }

  /** A program's input: whatever fails in it is {@link Unread}. */
  static final class Stream extends FilterOutputStream {
    Stream(OutputStream input) {
      super(input);
    }

    @Override
    public void write(int b) throws IOException {
      try {
        out.write(b);
      } catch (IOException e) {
        throw new Unread(e);
      }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        throw new Unread(e);
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        out.flush();
      } catch (IOException e) {
        throw new Unread(e);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        out.close();
      } catch (IOException e) {
        throw new Unread(e);
      }
    }
  }
}
