package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.deferredsync.backup.FileCopy.Loaded;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Puts new objects into staging, with all their metadata, without touching the mirror. Sources are
 * opened relative to their directory, with no link followed; FIFOs, sockets and devices are never
 * opened.
 *
 * <p>Small files are written by a thread of their own, one alone since file systems get slower with
 * two, while the next ones are read. What is large is hashed by another.
 */
final class Stager implements AutoCloseable {
  private static final int TRIES = 3;
  private static final int SET_ID = 06000;

  /** Small files that may wait in memory to be written: so many lots of so many. */
  private static final int TOGETHER = 32;

  private static final int WAITING = 6;

  private final Posix posix;
  private final Clock clock;
  private final Barrier barrier;
  private final Metadata metadata;
  private final FileCopy copy;
  private final Progress progress;
  private final ContentDigest digest = ContentDigest.beside();
  private final Worker writer = new Worker("staging", TOGETHER, WAITING);
  private @Nullable Given given;
  private final Set<Integer> open = ConcurrentHashMap.newKeySet();
  private final int staging;
  private final long run;
  private long names;

  /**
   * What a file has that was just made.
   *
   * @param bare whether it has no attributes
   */
  private record Given(int uid, int gid, boolean bare) {}

  Stager(Engine engine, Barrier barrier, Metadata metadata, int staging, long run) {
    this.posix = engine.posix();
    this.clock = engine.clock();
    this.progress = engine.progress();
    this.barrier = barrier;
    this.metadata = metadata;
    this.copy = new FileCopy(posix, clock, progress, digest);
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
    int source = open(from, name);
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
    Opened source = opened(from, name);
    try {
      Loaded loaded = loadedOrNull(source);
      if (loaded == null) {
        return copied(source.file(), path, into, to);
      }
      writer.give(() -> writeNamed(loaded, path, into, to));
      progress.advance(1, 0);
      return staged(loaded.reading());
    } finally {
      posix.close(source.file());
    }
  }

  /** What an open small file holds; null if it is large or may have holes. */
  private @Nullable Loaded loadedOrNull(Opened opened) throws SourceException, IOException {
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

  private void writeNamed(Loaded loaded, FilePath path, int into, byte[] name) throws IOException {
    try {
      write(loaded, path, into, name);
    } catch (PosixException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private void write(Loaded loaded, FilePath path, int into, byte[] name) throws IOException {
    Version version = Versions.of(loaded.reading().before());
    boolean complete = hasAllByItself(version, loaded.reading().attributes());
    int file = posix.createFile(into, name, complete ? metadata.permissions(version) : 0600);
    try {
      byte[] content = loaded.bytes();
      if (content.length > 0) {
        posix.write(file, content, 0, content.length);
      }
      if (complete) {
        metadata.setTime(file, path, version);
      } else {
        learn(file);
        setMetadata(file, into, name, path, loaded.reading());
      }
      barrier.written(file);
    } finally {
      posix.close(file);
    }
  }

  /** What a new file in staging has, which is the same in all of them. */
  private void learn(int file) throws IOException {
    if (given == null) {
      Stat made = posix.stat(file);
      given = new Given(made.uid(), made.gid(), posix.xattrs(file).isEmpty());
    }
  }

  /**
   * Whether a new file needs but its mode and time: most of a tree have one owner. Writing clears
   * set-id bits, so that these are set afterwards.
   */
  private boolean hasAllByItself(Version version, ExtendedAttributes attributes) {
    Given known = given;
    return known != null
        && known.bare()
        && (version.permissions() & SET_ID) == 0
        && attributes.isEmpty()
        && version.uid() == known.uid()
        && version.gid() == known.gid();
  }

  private Staged copied(int source, FilePath path, int into, byte[] to)
      throws SourceException, IOException {
    for (int attempt = 1; ; attempt++) {
      int file = posix.createFile(into, to, 0600);
      boolean kept = false;
      try {
        Reading reading = copy.read(source, file);
        if (reading.still() || attempt == TRIES) {
          setMetadata(file, into, to, path, reading);
          barrier.written(file);
          kept = true;
          progress.advance(1, 0);
          return staged(reading);
        }
      } finally {
        posix.close(file);
        if (!kept) {
          posix.unlink(into, to);
        }
      }
    }
  }

  private void setMetadata(int file, int into, byte[] to, FilePath path, Reading reading)
      throws IOException {
    metadata.setOpen(file, into, to, path, Versions.of(reading.before()), reading.attributes());
  }

  private static Staged staged(Reading reading) {
    Stat before = reading.before();
    Stat stored = before.size() == reading.size() ? before : before.withSize(reading.size());
    return new Staged(
        stored,
        reading.attributes(),
        reading.hash(),
        null,
        !reading.still(),
        reading.racy(),
        false);
  }

  /** Reads the regular file without storing it. */
  Staged readOnly(int from, byte[] name) throws SourceException, IOException {
    int source = open(from, name);
    try {
      return staged(copy.read(source, -1));
    } finally {
      posix.close(source);
    }
  }

  /** An open regular file of a source, as it was when it was opened. */
  private record Opened(int file, Stat stat) {}

  private int open(int from, byte[] name) throws SourceException, IOException {
    return opened(from, name).file();
  }

  private Opened opened(int from, byte[] name) throws SourceException, IOException {
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
    return new Staged(source, seen.attributes(), null, target, false, isRacy(source), false);
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

  /** Returns when all that was staged is there, whole. */
  void drain() throws IOException {
    writer.drain();
  }

  /** Ends the thread; what is not written by then is not. */
  @Override
  public void close() throws IOException {
    digest.close();
    writer.close();
    for (int directory : Set.copyOf(open)) {
      closeNow(directory);
    }
  }

  /** Takes a staged object away again, before {@link #drain} returns. */
  void discardLater(String name) throws IOException {
    writer.give(() -> posix.unlink(staging, bytes(name)));
  }

  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }
}
