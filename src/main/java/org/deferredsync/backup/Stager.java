package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.deferredsync.backup.FileCopy.Loaded;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.backup.SourceReader.Opened;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;

/**
 * Puts new objects into staging, with all their metadata, without touching the mirror. Small files
 * are written by a thread of their own, one alone since file systems get slower with two, while the
 * next ones are read.
 */
final class Stager implements AutoCloseable {
  /** Small files that may wait in memory to be written: so many lots of so many. */
  private static final int TOGETHER = 32;

  private static final int WAITING = 6;

  private final Posix posix;
  private final Barrier barrier;
  private final Metadata metadata;
  private final SourceReader reader;
  private final SmallFileWriter small;
  private final Progress progress;
  private final Worker writer = new Worker("staging", TOGETHER, WAITING);
  private final Set<Integer> open = ConcurrentHashMap.newKeySet();
  private final int staging;
  private final long run;
  private long names;

  Stager(
      Engine engine,
      SourceReader reader,
      Barrier barrier,
      Metadata metadata,
      int staging,
      long run) {
    this.posix = engine.posix();
    this.reader = reader;
    this.progress = engine.progress();
    this.barrier = barrier;
    this.metadata = metadata;
    this.small = new SmallFileWriter(posix, barrier, metadata);
    this.staging = staging;
    this.run = run;
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
   * Stages a copy of the regular file {@code name} under a name in staging; it is there, whole,
   * when this returns.
   *
   * @throws IOException if it cannot be written; nothing is left behind then
   */
  Staged file(int from, byte[] name, FilePath path, String to) throws SourceException, IOException {
    int source = reader.open(from, name).file();
    try {
      return copied(source, path, staging, bytes(to));
    } finally {
      posix.close(source);
    }
  }

  /**
   * Stages a copy of the regular file {@code name} in staging or in a staged directory; it may be
   * written later, but before {@link #drain} returns.
   */
  Staged fileLater(int from, byte[] name, FilePath path, int into, byte[] to)
      throws SourceException, IOException {
    Opened source = reader.open(from, name);
    try {
      Loaded loaded = reader.load(source);
      if (loaded == null) {
        return copied(source.file(), path, into, to);
      }
      writer.give(() -> small.write(loaded, path, into, to));
      progress.advance(1, 0);
      return Staged.of(loaded.reading());
    } finally {
      posix.close(source.file());
    }
  }

  private Staged copied(int source, FilePath path, int into, byte[] to)
      throws SourceException, IOException {
    for (int attempt = 1; ; attempt++) {
      int file = posix.createFile(into, to, 0600);
      boolean kept = false;
      try {
        Reading reading = reader.copy(source, file);
        if (reading.still() || attempt == SourceReader.TRIES) {
          metadata.setOpen(
              file, into, to, path, Versions.of(reading.before()), reading.attributes());
          barrier.written(file);
          kept = true;
          progress.advance(1, 0);
          return Staged.of(reading);
        }
      } finally {
        posix.close(file);
        if (!kept) {
          posix.unlink(into, to);
        }
      }
    }
  }

  /** Stages a symbolic link, FIFO, socket or device. */
  Staged other(Seen seen, FilePath path, int into, byte[] to) throws IOException {
    Stat source = seen.stat();
    byte[] target = seen.linkTarget();
    if (target == null) {
      posix.makeNode(into, to, source.type() | 0600, source.rdev());
    } else {
      posix.makeSymlink(into, to, target);
    }
    Version version = Versions.of(source);
    metadata.set(into, to, path, version, seen.attributes());
    barrier.written(into);
    progress.advance(1, 0);
    return new Staged(source, seen.attributes(), null, target, false, reader.isRacy(source), false);
  }

  /** Makes an empty staged directory, 0700 until it is published. */
  void directory(String name) throws IOException {
    posix.makeDirectory(staging, bytes(name), 0700);
  }

  /** Gives a file of ours one more name, in staging. */
  void link(int from, byte[] name, String to) throws IOException {
    posix.link(from, name, staging, bytes(to));
  }

  /** The same in a staged directory. */
  void linkInside(int from, byte[] name, int into, byte[] to) throws IOException {
    posix.link(from, name, into, to);
    barrier.written(into);
  }

  /** Opens a staged directory, for {@link #closeLater}. */
  int openStaged(String name) throws IOException {
    int directory = posix.openDirectory(staging, bytes(name));
    open.add(directory);
    return directory;
  }

  /** Closes a staged directory when all files given for it are written. */
  void closeLater(int directory) throws IOException {
    writer.give(() -> closeNow(directory));
  }

  private void closeNow(int directory) throws IOException {
    open.remove(directory);
    try {
      barrier.written(directory);
    } finally {
      posix.close(directory);
    }
  }

  /** Takes a staged object away again, before {@link #drain} returns. */
  void discardLater(String name) throws IOException {
    writer.give(() -> posix.unlink(staging, bytes(name)));
  }

  /** Returns when all that was staged is there, whole. */
  void drain() throws IOException {
    writer.drain();
  }

  /** Ends the thread; what is not written by then is not. */
  @Override
  public void close() throws IOException {
    writer.close();
    for (int directory : Set.copyOf(open)) {
      closeNow(directory);
    }
  }

  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }
}
