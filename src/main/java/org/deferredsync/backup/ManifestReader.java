package org.deferredsync.backup;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Reads manifests row by row. Whoever takes the rows must be able to take them back: that a file is
 * damaged may come out behind its last one.
 */
final class ManifestReader {
  private static final int PIECE = 1 << 16;

  /** No row is longer: a path and a link of the longest kind, and attributes, all escaped. */
  private static final int LONGEST = 4 << 20;

  private final Posix posix;
  private final int directory;

  ManifestReader(Posix posix, int directory) {
    this.posix = posix;
    this.directory = directory;
  }

  /** Takes a row. */
  interface Sink {
    void take(ManifestRow row) throws IOException;
  }

  /** A manifest that is not what a run wrote. */
  static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedException(String message, @Nullable Exception cause) {
      super(message, cause);
    }
  }

  /**
   * Hands over all rows but the last, which only says how many there are.
   *
   * @throws DamagedException if any of them is not as it was written
   * @throws PosixException if it cannot be read now
   */
  void read(byte[] name, Sink sink) throws IOException {
    int file = posix.openFile(directory, name);
    try (InputStream packed = new Input(file, name)) {
      read(packed, sink);
    } catch (EOFException e) {
      throw new DamagedException("it ends too early", e);
    } catch (ZipException e) {
      throw new DamagedException("its bytes are not those that were written", e);
    } finally {
      posix.close(file);
    }
  }

  private static void read(InputStream packed, Sink sink) throws IOException {
    InputStream text = new BufferedInputStream(new GZIPInputStream(packed, PIECE), PIECE);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long rows = 0;
    ManifestRow.End end = null;
    for (int b = text.read(); b >= 0; b = text.read()) {
      if (b != '\n') {
        line.write(b);
        if (line.size() > LONGEST) {
          throw new DamagedException("a row without an end", null);
        }
        continue;
      }
      ManifestRow row = parse(line.toByteArray(), rows);
      line.reset();
      if (end != null) {
        throw new DamagedException("rows behind its end", null);
      }
      if (row instanceof ManifestRow.End last) {
        end = last;
      } else {
        rows++;
        sink.take(row);
      }
    }
    if (end == null || end.rows() != rows || line.size() > 0) {
      throw new DamagedException("it is not whole", null);
    }
  }

  private static ManifestRow parse(byte[] line, long before) throws DamagedException {
    try {
      return ManifestRow.parse(line);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new DamagedException("row " + (before + 1) + ": " + e.getMessage(), e);
    }
  }

  private final class Input extends InputStream {
    private final int file;
    private final byte[] name;

    Input(int file, byte[] name) throws IOException {
      this.file = file;
      this.name = name;
      if (!posix.stat(file).isRegular()) {
        throw new DamagedException("it is no file", null);
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      try {
        int n = posix.read(file, buffer, offset, length);
        return n == 0 ? -1 : n;
      } catch (PosixException e) {
        throw new PosixException(e.errno(), "read", Printable.of(name));
      }
    }
  }
}
