package org.deferredsync.backup;

import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.GZIPOutputStream;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;

/**
 * A manifest being written: text in, gzip out. Whole only after {@link #finish}, and on disk only
 * after the sync that follows it.
 */
final class ManifestFile implements AutoCloseable {
  private static final int PIECE = 1 << 16;

  private final Posix posix;
  private final int file;
  private final GZIPOutputStream packed;
  private long rows;

  /** Makes the file anew; what lies at its name was never committed. */
  ManifestFile(Posix posix, int directory, byte[] name) throws IOException {
    this.posix = posix;
    this.file = create(posix, directory, name);
    try {
      this.packed = new Fast(new Output()); // writes the first bytes
    } catch (IOException | RuntimeException e) {
      posix.close(file);
      throw e;
    }
  }

  private static int create(Posix posix, int directory, byte[] name) throws IOException {
    try {
      return posix.createFile(directory, name, 0600);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    posix.unlink(directory, name);
    return posix.createFile(directory, name, 0600);
  }

  /** Adds finished rows and empties {@code text}. */
  void add(ManifestText text) throws IOException {
    packed.write(text.bytes(), 0, text.length());
    text.clear();
  }

  /** Counts rows that are, or will be, added. */
  void count(long more) {
    rows += more;
  }

  /** Writes the last row, by which a reader knows that it has seen all. */
  void finish() throws IOException {
    ManifestText last = new ManifestText();
    last.row("rows").number(rows).end();
    add(last);
    packed.finish();
  }

  int descriptor() {
    return file;
  }

  @Override
  public void close() throws IOException {
    posix.close(file);
  }

  /** As fast as it goes: hashes, most of what is in it, get no smaller by trying harder. */
  private static final class Fast extends GZIPOutputStream {
    Fast(OutputStream out) throws IOException {
      super(out, PIECE);
      def.setLevel(1);
    }
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      posix.write(file, bytes, offset, length);
    }
  }
}
