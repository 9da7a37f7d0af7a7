package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.Arrays;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.ExtendedAttributes;

/**
 * Reads a regular file to its end, hashing it, and perhaps writing it; holes stay holes. Tells
 * whether the file held still meanwhile. Used by one thread.
 */
final class FileCopy {
  /**
   * After so many bytes the disk is told to begin with them, so that it is not idle until a
   * barrier.
   */
  private static final long WRITE_BACK = 8L << 20;

  /** Up to this size a file is read whole before anything of it is written. */
  static final int SMALL = 64 << 10;

  private final Posix posix;
  private final Clock clock;
  private final Progress progress;
  private final ContentDigest digest;

  FileCopy(Posix posix, Clock clock) {
    this(posix, clock, Progress.NONE, ContentDigest.inline());
  }

  /**
   * @param progress told of the bytes that are read
   * @param digest the caller's to close
   */
  FileCopy(Posix posix, Clock clock, Progress progress, ContentDigest digest) {
    this.posix = posix;
    this.clock = clock;
    this.progress = progress;
    this.digest = digest;
  }

  /**
   * What was read.
   *
   * @param before the file when the reading began; the size is that of the bytes read
   * @param still whether it was the same at the end
   * @param racy whether a change just after it could hide
   */
  record Reading(
      Stat before,
      ExtendedAttributes attributes,
      ContentHash hash,
      long size,
      boolean still,
      boolean racy) {}

  /** A small file that was read whole. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Loaded(Reading reading, byte[] bytes) {
    private static final int BLOCK = 4096;

    /** Whether a part of it may be a hole: a block of zeros alone. */
    boolean mayHaveHoles() {
      for (int start = 0; start < bytes.length; start += BLOCK) {
        int end = Math.min(bytes.length, start + BLOCK);
        if (bytes[start] == 0 && bytes[end - 1] == 0 && isZero(start, end)) {
          return true;
        }
      }
      return false;
    }

    private boolean isZero(int start, int end) {
      for (int i = start; i < end; i++) {
        if (bytes[i] != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /** Whether {@link #load} is for such a file. */
  static boolean isSmall(Stat stat) {
    return stat.size() <= SMALL;
  }

  /**
   * Reads the open small file {@code from}, from its beginning, into memory.
   *
   * @param before what it is now
   * @throws SourceException if it cannot be read
   */
  Loaded load(int from, Stat before) throws SourceException, IOException {
    long young = RacyWindow.beginsAt(clock);
    ExtendedAttributes attributes = attributes(from);
    int size = (int) before.size();
    int position = 0;
    digest.begin(size);
    byte[] buffer = digest.buffer();
    while (position < size) {
      int offset = position;
      int n = SourceException.reading(() -> posix.read(from, buffer, offset, size - offset));
      if (n == 0) {
        break;
      }
      position += n;
    }
    progress.advance(0, position);
    digest.update(position);
    Reading reading = reading(before, attributes, digest.end(), position, stat(from), young);
    return new Loaded(reading, Arrays.copyOf(buffer, position));
  }

  private ExtendedAttributes attributes(int from) throws SourceException {
    return SourceException.reading(() -> Metadata.attributes(posix, from));
  }

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
    ExtendedAttributes attributes = attributes(from);
    digest.begin(before.size());
    long size = readAll(from, to, before.size());
    return reading(before, attributes, digest.end(), size, stat(from), young);
  }

  private static Reading reading(
      Stat before,
      ExtendedAttributes attributes,
      ContentHash hash,
      long size,
      Stat after,
      long young) {
    boolean still =
        size == before.size()
            && before.size() == after.size()
            && before.mtimeNs() == after.mtimeNs()
            && before.ctimeNs() == after.ctimeNs();
    boolean racy = before.ctimeNs() >= young;
    return new Reading(before, attributes, hash, size, still, racy);
  }

  private long readAll(int from, int to, long end) throws SourceException, IOException {
    long position = 0;
    while (position < end) {
      long data = nextData(from, position, end);
      progress.advance(0, data - position);
      digest.updateZeros(data - position);
      position = data;
      if (position < end) {
        long hole = nextHole(from, position, end);
        seek(from, position);
        if (to >= 0) {
          posix.seek(to, position);
        }
        position = copyTo(from, to, position, hole);
        if (position < hole) {
          break; // truncated meanwhile; the size tells the caller
        }
      }
    }
    if (to >= 0) {
      posix.truncate(to, position);
    }
    return position;
  }

  /**
   * Copies from the current position until {@code end} or the end of the file; answers where it
   * stopped.
   */
  private long copyTo(int from, int to, long start, long end) throws SourceException, IOException {
    long position = start;
    long begun = start;
    while (position < end) {
      byte[] buffer = digest.buffer();
      int n = readSome(from, buffer, (int) Math.min(buffer.length, end - position));
      if (n == 0) {
        break;
      }
      digest.update(n);
      position += n;
      progress.advance(0, n);
      if (to >= 0) {
        posix.write(to, buffer, 0, n);
        if (position - begun >= WRITE_BACK) {
          posix.beginWriteBack(to, begun, position - begun);
          begun = position;
        }
      }
    }
    return position;
  }

  private Stat stat(int from) throws SourceException {
    return SourceException.reading(() -> posix.stat(from));
  }

  private int readSome(int from, byte[] buffer, int length) throws SourceException {
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
