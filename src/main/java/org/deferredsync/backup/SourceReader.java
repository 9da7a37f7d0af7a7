package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import org.deferredsync.backup.FileCopy.Loaded;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Reads single entries of sources. They are opened relative to their directory, with no link
 * followed; FIFOs, sockets and devices are never opened. What is large is hashed by a thread of its
 * own.
 */
final class SourceReader implements AutoCloseable {
  /** How often a file that changes while it is read is read. */
  static final int TRIES = 3;

  private final Posix posix;
  private final Clock clock;
  private final ContentDigest digest = ContentDigest.beside();
  private final FileCopy copy;

  SourceReader(Engine engine) {
    this.posix = engine.posix();
    this.clock = engine.clock();
    this.copy = new FileCopy(posix, clock, engine.progress(), digest);
  }

  /** An open regular file of a source, as it was when it was opened. */
  record Opened(int file, Stat stat) {}

  /** Opens a regular file; the caller closes it. */
  Opened open(int from, byte[] name) throws SourceException, IOException {
    int source = SourceException.reading(() -> posix.openFile(from, name));
    Stat stat = null;
    try {
      stat = SourceException.reading(() -> posix.stat(source));
    } finally {
      if (stat == null || !stat.isRegular()) {
        posix.close(source);
      }
    }
    if (!stat.isRegular()) {
      throw new SourceException(new IOException("is no regular file any more"));
    }
    return new Opened(source, stat);
  }

  /** What an open small file holds; null if it is large or may have holes. */
  @Nullable Loaded load(Opened opened) throws SourceException, IOException {
    int source = opened.file();
    Stat before = opened.stat();
    for (int attempt = 1; ; attempt++) {
      if (!FileCopy.isSmall(before)) {
        return null;
      }
      Loaded loaded = copy.load(source, before);
      if (loaded.mayHaveHoles()) {
        return null;
      }
      if (loaded.reading().still() || attempt == TRIES) {
        return loaded;
      }
      before =
          SourceException.reading(
              () -> {
                posix.seek(source, 0);
                return posix.stat(source);
              });
    }
  }

  /**
   * Reads an open file, from its beginning, and writes it to another.
   *
   * @throws SourceException if it cannot be read
   * @throws IOException if it cannot be written
   */
  Reading copy(int source, int to) throws SourceException, IOException {
    return copy.read(source, to);
  }

  /** Reads the regular file without storing it. */
  Staged readOnly(int from, byte[] name) throws SourceException, IOException {
    int source = open(from, name).file();
    try {
      return Staged.of(copy.read(source, -1));
    } finally {
      posix.close(source);
    }
  }

  /** What is to be known of a symbolic link, FIFO, socket or device of a source. */
  Seen see(int from, byte[] name, Stat stat) throws SourceException {
    return SourceException.reading(
        () ->
            new Seen(
                stat,
                attributes(from, name),
                stat.isSymlink() ? posix.readLink(from, name) : null));
  }

  /** Whether a change just after what is read now could hide behind this change time. */
  boolean isRacy(Stat stat) {
    return stat.ctimeNs() >= RacyWindow.beginsAt(clock);
  }

  /** The attributes of a directory or another name of a source. */
  ExtendedAttributes attributes(int from, byte[] name) throws IOException {
    return Metadata.attributes(posix, from, name);
  }

  /** Ends the thread. */
  @Override
  public void close() {
    digest.close();
  }
}
