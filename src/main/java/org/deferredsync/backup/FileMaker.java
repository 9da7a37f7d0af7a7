package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Makes single objects of a snapshot, with all their metadata, under names that are free. The
 * directory is one that nobody else can write to: only so can a name be trusted to be still what
 * was made.
 */
final class FileMaker {
  private static final int SET_ID_OR_STICKY = 07000;

  private final Posix posix;
  private final Metadata metadata;
  private @Nullable Given given;

  FileMaker(Posix posix, Metadata metadata) {
    this.posix = posix;
    this.metadata = metadata;
  }

  /** What a new file in a directory has by itself: most need no more than their mode and time. */
  private record Given(FilePath directory, int uid, int gid, boolean attributes) {}

  /**
   * A regular file under this name, whose bytes are yet to come.
   *
   * @param directory the descriptor of {@code place}, under which all its files get the same owner
   */
  Made file(
      int directory, FilePath place, byte[] name, Found found, ExtendedAttributes attributes) {
    return new Made(directory, place, name, found, attributes);
  }

  /** A regular file being made; its descriptor is open from begin to end or drop. */
  final class Made implements ContentSink {
    private final int directory;
    private final FilePath place;
    private final byte[] name;
    private final Found found;
    private final ExtendedAttributes attributes;
    private int descriptor = -1;
    private long position;
    private boolean complete;

    private Made(
        int directory, FilePath place, byte[] name, Found found, ExtendedAttributes attributes) {
      this.directory = directory;
      this.place = place;
      this.name = name;
      this.found = found;
      this.attributes = attributes;
    }

    @Override
    public void begin() throws IOException {
      complete = isGiven();
      descriptor =
          posix.createFile(directory, name, complete ? found.version().permissions() : 0600);
      position = 0;
      boolean begun = false;
      try {
        learn();
        begun = true;
      } finally {
        if (!begun) {
          drop();
        }
      }
    }

    private void learn() throws IOException {
      Given known = given;
      if (known == null || !known.directory().equals(place)) {
        Stat fresh = posix.stat(descriptor);
        boolean own = posix.xattrs(descriptor).isEmpty();
        given = new Given(place, fresh.uid(), fresh.gid(), !own);
      }
    }

    /** Whether a new file here has all that this one needs, but for mode and time. */
    private boolean isGiven() {
      Given known = given;
      Version version = found.version();
      return known != null
          && known.directory().equals(place)
          && !known.attributes()
          && attributes.isEmpty()
          && version.uid() == known.uid()
          && version.gid() == known.gid()
          && (version.permissions() & SET_ID_OR_STICKY) == 0;
    }

    @Override
    public void data(long at, byte[] bytes, int length) throws IOException {
      if (at != position) {
        posix.seek(descriptor, at);
      }
      posix.write(descriptor, bytes, 0, length);
      position = at + length;
    }

    @Override
    public void end(long size) throws IOException {
      boolean made = false;
      try {
        if (position < size) {
          posix.truncate(descriptor, size);
        }
        if (complete) {
          metadata.setTime(descriptor, found.path(), found.version());
        } else {
          metadata.setOpen(descriptor, directory, name, found.path(), found.version(), attributes);
        }
        made = true;
      } finally {
        if (made) {
          int open = descriptor;
          descriptor = -1;
          posix.close(open);
        } else {
          drop();
        }
      }
    }

    @Override
    public void drop() throws IOException {
      if (descriptor >= 0) {
        int open = descriptor;
        descriptor = -1;
        posix.close(open);
        posix.unlink(directory, name);
      }
    }
  }

  /**
   * Makes a symbolic link, FIFO, socket or device.
   *
   * @throws PosixException EPERM for a device, unless the user is root
   */
  void node(int directory, byte[] name, Found found, ExtendedAttributes attributes)
      throws IOException {
    Version version = found.version();
    if (version.type() == FileType.SYMLINK) {
      byte[] target = version.linkTarget();
      posix.makeSymlink(directory, name, target == null ? new byte[0] : target);
    } else {
      posix.makeNode(directory, name, (version.mode() & ~07777) | 0600, version.rdev());
    }
    boolean made = false;
    try {
      metadata.set(directory, name, found.path(), version, attributes);
      made = true;
    } finally {
      if (!made) {
        posix.unlink(directory, name);
      }
    }
  }
}
