package org.deferredsync.backup;

import java.io.IOException;
import java.security.MessageDigest;
import java.time.Clock;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;

/**
 * Reads a regular file to its end, hashing it, and perhaps writing it; holes stay holes. Tells
 * whether the file held still meanwhile. Used by one thread.
 */
final class FileCopy {
  private static final int BUFFER = 256 << 10;

  private final Posix posix;
  private final Clock clock;
  private final byte[] buffer = new byte[BUFFER];
  private final byte[] zeros = new byte[BUFFER];
  private final MessageDigest digest = Hashing.sha256();

  FileCopy(Posix posix, Clock clock) {
    this.posix = posix;
    this.clock = clock;
  }

  /**
   * What was read.
   *
   * @param before the file when the reading began; the size is that of the bytes read
   * @param still whether it was the same at the end
   * @param racy whether a change just after it could hide
   */
  record Reading(Stat before, ContentHash hash, long size, boolean still, boolean racy) {}

  /**
   * Reads the open file {@code from}, from its beginning, and writes it to {@code to} unless that
   * is negative.
   *
   * @throws SourceException if it cannot be read
   * @throws IOException if it cannot be written
   */
  Reading read(int from, int to) throws SourceException, IOException {
    long young = RacyWindow.beginsAt(clock);
    Stat before = stat(from);
    digest.reset();
    boolean sparse = before.blocks() * 512 < before.size();
    long size = sparse ? readSparse(from, to, before.size()) : readDense(from, to);
    Stat after = stat(from);
    boolean still =
        size == before.size()
            && before.size() == after.size()
            && before.mtimeNs() == after.mtimeNs()
            && before.ctimeNs() == after.ctimeNs();
    boolean racy = before.ctimeNs() >= young;
    return new Reading(before, new ContentHash(digest.digest()), size, still, racy);
  }

  private long readDense(int from, int to) throws SourceException, IOException {
    seek(from, 0);
    return copyTo(from, to, 0, Long.MAX_VALUE);
  }

  private long readSparse(int from, int to, long end) throws SourceException, IOException {
    long position = 0;
    while (position < end) {
      long data = nextData(from, position, end);
      hashZeros(data - position);
      position = data;
      if (position < end) {
        long hole = nextHole(from, position, end);
        seek(from, position);
        if (to >= 0) {
          posix.seek(to, position);
        }
        position = copyTo(from, to, position, hole);
        if (position < hole) {
          return position; // truncated meanwhile; the size tells the caller
        }
      }
    }
    if (to >= 0) {
      posix.truncate(to, end);
    }
    return end;
  }

  /**
   * Copies from the current position until {@code end} or the end of the file; answers where it
   * stopped.
   */
  private long copyTo(int from, int to, long start, long end) throws SourceException, IOException {
    long position = start;
    while (position < end) {
      int n = readSome(from, (int) Math.min(BUFFER, end - position));
      if (n == 0) {
        break;
      }
      digest.update(buffer, 0, n);
      if (to >= 0) {
        posix.write(to, buffer, 0, n);
      }
      position += n;
    }
    return position;
  }

  private void hashZeros(long length) {
    for (long left = length; left > 0; left -= BUFFER) {
      digest.update(zeros, 0, (int) Math.min(BUFFER, left));
    }
  }

  private Stat stat(int from) throws SourceException {
    return SourceException.reading(() -> posix.stat(from));
  }

  private int readSome(int from, int length) throws SourceException {
    return SourceException.reading(() -> posix.read(from, buffer, 0, length));
  }

  private void seek(int from, long position) throws SourceException {
    SourceException.reading(
        () -> {
          posix.seek(from, position);
          return position;
        });
  }

  private long nextData(int from, long position, long end) throws SourceException {
    long data = SourceException.reading(() -> posix.seekData(from, position));
    return data < 0 ? end : Math.min(data, end);
  }

  private long nextHole(int from, long position, long end) throws SourceException {
    return Math.min(SourceException.reading(() -> posix.seekHole(from, position)), end);
  }
}
