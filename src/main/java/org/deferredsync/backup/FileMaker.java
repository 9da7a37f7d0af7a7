package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;

/**
 * Makes single objects of a snapshot, with all their metadata, under names that are free. The
 * directory is one that nobody else can write to: only so can a name be trusted to be still what
 * was made.
 */
final class FileMaker {
  private final Posix posix;
  private final Metadata metadata;

  FileMaker(Posix posix, Metadata metadata) {
    this.posix = posix;
    this.metadata = metadata;
  }

  /** A regular file under this name, whose bytes are yet to come. */
  Made file(int directory, byte[] name, Found found, ExtendedAttributes attributes) {
    return new Made(directory, name, found, attributes);
  }

  /** A regular file being made; its descriptor is open from begin to end or drop. */
  final class Made implements ContentSink {
    private final int directory;
    private final byte[] name;
    private final Found found;
    private final ExtendedAttributes attributes;
    private int descriptor = -1;
    private long position;

    private Made(int directory, byte[] name, Found found, ExtendedAttributes attributes) {
      this.directory = directory;
      this.name = name;
      this.found = found;
      this.attributes = attributes;
    }

    @Override
    public void begin() throws IOException {
      descriptor = posix.createFile(directory, name, 0600);
      position = 0;
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
        metadata.setOpen(descriptor, directory, name, found.path(), found.version(), attributes);
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
