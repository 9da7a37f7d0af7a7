package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.FileCopy.Loaded;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Writes small files that were read whole, with all their metadata. It is one thread's alone, and
 * learns from its first file what a new one has by itself: most need no more than a mode and a
 * time.
 */
final class SmallFileWriter {
  private static final int SET_ID = 06000;

  private final Posix posix;
  private final Barrier barrier;
  private final Metadata metadata;
  private @Nullable Given given;

  SmallFileWriter(Posix posix, Barrier barrier, Metadata metadata) {
    this.posix = posix;
    this.barrier = barrier;
    this.metadata = metadata;
  }

  /**
   * What a file has that was just made.
   *
   * @param bare whether it has no attributes
   */
  private record Given(int uid, int gid, boolean bare) {}

  /** Writes it, and names its path if that fails. */
  void write(Loaded loaded, FilePath path, int into, byte[] name) throws IOException {
    try {
      make(loaded, path, into, name);
    } catch (PosixException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private void make(Loaded loaded, FilePath path, int into, byte[] name) throws IOException {
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
        metadata.setOpen(file, into, name, path, version, loaded.reading().attributes());
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
}
