package org.deferredsync.backup;

import java.io.IOException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.backup.ContentFinder.Candidate;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Reads the bytes of regular files of a snapshot from wherever the target has them, and hands over
 * as good only what has the hash. A small file is checked before anything of it is handed over.
 * Used by one thread.
 */
final class ContentReader implements AutoCloseable {
  /** A file up to this many bytes is small. */
  static final int SMALL = 256 << 10;

  private static final int BLOCK = 4096;
  private static final byte[] ZEROS = new byte[SMALL];

  private final Posix posix;
  private final ContentFinder finder;
  private final Logger log;
  private final MessageDigest digest = Hashing.sha256();

  ContentReader(Snapshot snapshot, Logger log) {
    this.posix = snapshot.reader().posix();
    this.finder = snapshot.contents();
    this.log = log;
  }

  /**
   * Hands the bytes of the file to {@code sink}. Tries every place of the content, and all that it
   * has then once more: a run may just have moved it.
   *
   * @return null if that went well, else why it did not
   */
  @Nullable String read(Found found, ContentSink sink) throws IOException {
    Long id = found.version().content();
    ContentHash hash = found.hash();
    if (id == null || hash == null) {
      return "the catalogue has no content for it";
    }
    Set<String> tried = new LinkedHashSet<>();
    if (found.current() && readFrom(finder.inMirror(found.path()), hash, sink, tried)) {
      return null;
    }
    if (readFrom(finder.candidates(id), hash, sink, tried)
        || readFrom(finder.candidatesNow(id), hash, sink, tried)) {
      return null;
    }
    return "no file in the target has its bytes (SHA-256 "
        + hash
        + "); looked at "
        + String.join(", ", tried);
  }

  private boolean readFrom(
      List<Candidate> candidates, ContentHash hash, ContentSink sink, Set<String> tried)
      throws IOException {
    for (Candidate candidate : candidates) {
      if (readFrom(candidate, hash, sink, tried)) {
        return true;
      }
    }
    return false;
  }

  private boolean readFrom(
      Candidate candidate, ContentHash hash, ContentSink sink, Set<String> tried)
      throws IOException {
    int descriptor;
    try {
      descriptor = candidate.open();
    } catch (PosixException e) {
      if (tried.add(candidate.name()) && !e.isAbsence()) {
        log.warn("{}: {}", candidate.name(), e.errno().text());
      }
      return false; // another place may have it
    }
    boolean good = false;
    try {
      good = copy(descriptor, hash, sink);
    } catch (SourceException e) {
      log.warn("{}: {}", candidate.name(), e.reason().getMessage());
    } finally {
      posix.close(descriptor);
    }
    if (!good) {
      tried.add(candidate.name());
    }
    return good;
  }

  private boolean copy(int from, ContentHash hash, ContentSink sink)
      throws SourceException, IOException {
    Stat stat = SourceException.reading(() -> posix.stat(from));
    if (!stat.isRegular()) {
      return false;
    }
    if (stat.size() <= SMALL) {
      byte[] bytes = whole(from, (int) stat.size());
      if (bytes == null) {
        return false;
      }
      if (!mayHaveHoles(bytes)) {
        return small(bytes, hash, sink);
      }
    }
    digest.reset();
    sink.begin();
    boolean good = false;
    try {
      good = stream(from, stat, sink) && hash.equals(new ContentHash(digest.digest()));
    } finally {
      if (good) {
        sink.end(stat.size());
      } else {
        sink.drop();
      }
    }
    return good;
  }

  /** The bytes of a small file; null if it ends too early. */
  private byte @Nullable [] whole(int from, int size) throws SourceException {
    byte[] bytes = new byte[size];
    int length = 0;
    while (length < size) {
      int n = readSome(from, bytes, length, size - length);
      if (n == 0) {
        return null;
      }
      length += n;
    }
    return bytes;
  }

  /** Whether a block of it is all zeros. */
  private static boolean mayHaveHoles(byte[] bytes) {
    for (int start = 0; start < bytes.length; start += BLOCK) {
      int end = Math.min(bytes.length, start + BLOCK);
      if (bytes[start] == 0
          && bytes[end - 1] == 0
          && Arrays.equals(bytes, start, end, ZEROS, 0, end - start)) {
        return true;
      }
    }
    return false;
  }

  private boolean small(byte[] bytes, ContentHash hash, ContentSink sink) throws IOException {
    digest.reset();
    digest.update(bytes);
    if (!hash.equals(new ContentHash(digest.digest()))) {
      return false;
    }
    sink.begin();
    boolean taken = false;
    try {
      if (bytes.length > 0) {
        sink.data(0, bytes, bytes.length);
      }
      taken = true;
    } finally {
      if (!taken) {
        sink.drop();
      }
    }
    sink.end(bytes.length);
    return true;
  }

  /** False if the file ends too early. */
  private boolean stream(int from, Stat stat, ContentSink sink)
      throws SourceException, IOException {
    long end = stat.size();
    long position = 0;
    while (position < end) {
      long start = position;
      long data = nextData(from, start, end);
      zeros(data - start);
      long hole = data < end ? nextHole(from, data, end) : end;
      SourceException.reading(
          () -> {
            posix.seek(from, data);
            return data;
          });
      position = data;
      while (position < hole) {
        byte[] part = new byte[(int) Math.min(SMALL, hole - position)];
        int n = readSome(from, part, 0, part.length);
        if (n == 0) {
          return false;
        }
        digest.update(part, 0, n);
        sink.data(position, part, n);
        position += n;
      }
    }
    return true;
  }

  private void zeros(long length) {
    for (long left = length; left > 0; left -= ZEROS.length) {
      digest.update(ZEROS, 0, (int) Math.min(ZEROS.length, left));
    }
  }

  private int readSome(int from, byte[] to, int offset, int length) throws SourceException {
    return SourceException.reading(() -> posix.read(from, to, offset, length));
  }

  private long nextData(int from, long position, long end) throws SourceException {
    long data = SourceException.reading(() -> posix.seekData(from, position));
    return data < 0 ? end : Math.min(data, end);
  }

  private long nextHole(int from, long position, long end) throws SourceException {
    return Math.min(SourceException.reading(() -> posix.seekHole(from, position)), end);
  }

  /** Whether the open file has these bytes; read from its beginning. */
  boolean has(int descriptor, ContentHash hash) throws SourceException, IOException {
    ContentSink nobody =
        new ContentSink() {
          @Override
          public void begin() {}

          @Override
          public void data(long position, byte[] bytes, int length) {}

          @Override
          public void end(long size) {}

          @Override
          public void drop() {}
        };
    return copy(descriptor, hash, nobody);
  }

  @Override
  public void close() throws IOException {
    finder.close();
  }
}
