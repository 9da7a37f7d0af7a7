package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;

/**
 * Puts new objects into staging, with all their metadata, without touching the mirror. Sources are
 * opened relative to their directory, with no link followed; FIFOs, sockets and devices are never
 * opened.
 */
final class Stager {
  private static final int TRIES = 3;

  private final Posix posix;
  private final Barrier barrier;
  private final FileCopy copy;
  private final int staging;
  private final long run;
  private final boolean root;
  private long names;

  Stager(Posix posix, Clock clock, Barrier barrier, int staging, long run) {
    this.posix = posix;
    this.barrier = barrier;
    this.copy = new FileCopy(posix, clock);
    this.staging = staging;
    this.run = run;
    this.root = posix.effectiveUser() == 0;
  }

  /** The descriptor of the staging directory. */
  int directory() {
    return staging;
  }

  /** A name in staging that was never used before and never will be again. */
  String newName() {
    return run + "-" + ++names;
  }

  /**
   * Stages a copy of the regular file {@code name} as {@code to} in the open directory {@code
   * into}.
   *
   * @throws IOException if it cannot be read or written; nothing is left behind then
   */
  Staged file(int from, byte[] name, int into, byte[] to) throws SourceException, IOException {
    int source = open(from, name);
    try {
      for (int attempt = 1; ; attempt++) {
        int file = posix.createFile(into, to, 0600);
        boolean kept = false;
        try {
          Reading reading = copy.read(source, file);
          if (reading.still() || attempt == TRIES) {
            Stat own = posix.stat(file);
            setMetadata(into, to, reading.before());
            barrier.written(file);
            kept = true;
            return staged(reading, own.inode());
          }
        } finally {
          posix.close(file);
          if (!kept) {
            posix.unlink(into, to);
          }
        }
      }
    } finally {
      posix.close(source);
    }
  }

  private static Staged staged(Reading reading, long inode) {
    Stat before = reading.before();
    Stat stored = before.size() == reading.size() ? before : before.withSize(reading.size());
    return new Staged(stored, inode, reading.hash(), null, !reading.still(), reading.racy());
  }

  /** Reads the regular file without storing it; answered as staged with inode 0. */
  Staged readOnly(int from, byte[] name) throws SourceException, IOException {
    int source = open(from, name);
    try {
      Reading reading = copy.read(source, -1);
      return staged(reading, 0);
    } finally {
      posix.close(source);
    }
  }

  private int open(int from, byte[] name) throws SourceException, IOException {
    int source = SourceException.reading(() -> posix.openFile(from, name));
    if (!SourceException.reading(() -> posix.stat(source)).isRegular()) {
      posix.close(source);
      throw new SourceException(new IOException("is no regular file any more"));
    }
    return source;
  }

  /** Stages a symbolic link. */
  Staged link(byte[] target, Stat source, int into, byte[] to) throws IOException {
    posix.makeSymlink(into, to, target);
    if (root) {
      posix.setOwner(into, to, source.uid(), source.gid());
    }
    posix.setTime(into, to, source.mtimeNs());
    return new Staged(source, posix.stat(into, to).inode(), null, target, false, false);
  }

  /** Stages a FIFO, socket or device. */
  Staged node(Stat source, int into, byte[] to) throws IOException {
    posix.makeNode(into, to, source.type() | 0600, source.rdev());
    setMetadata(into, to, source);
    return new Staged(source, posix.stat(into, to).inode(), null, null, false, false);
  }

  /** Makes an empty staged directory, 0700 until it is published. */
  void directory(int into, byte[] to) throws IOException {
    posix.makeDirectory(into, to, 0700);
  }

  /** Takes a staged object away again. */
  void discard(int into, byte[] name) throws IOException {
    posix.unlink(into, name);
  }

  private void setMetadata(int into, byte[] to, Stat source) throws IOException {
    Metadata.keep(
        posix, into, to, false, source.uid(), source.gid(), source.permissions(), source.mtimeNs());
  }

  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }
}
