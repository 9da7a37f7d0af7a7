package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The directory beside a restored path, on its file system, that keeps what gave way, at the path
 * it had from there. Only its owner can enter it, so new files are made in it too before they go to
 * their places. Made when it is first needed, and gone at the end if it keeps nothing.
 */
final class Aside implements AutoCloseable {
  private static final String NEW = ".deferred-sync-new-";

  private final Posix posix;
  private final Places places;
  private final FilePath base;
  private AsideName name;
  private int descriptor = -1;
  private @Nullable DirectoryTree tree;
  private long made;
  private long kept;

  /**
   * @param places where the restored paths are opened
   * @param base the directory in which this one is to be
   */
  Aside(Posix posix, Places places, FilePath base, AsideName name) {
    this.posix = posix;
    this.places = places;
    this.base = base;
    this.name = name;
  }

  /** Its path. */
  FilePath path() {
    return base.child(name.bytes());
  }

  /** How many objects it keeps. */
  long kept() {
    return kept;
  }

  /** Where it keeps what is at {@code path}. */
  FilePath placeOf(FilePath path) {
    byte[] below = path.bytes();
    int from = base.isRoot() ? 0 : base.length();
    return FilePath.of(Arrays.copyOfRange(below, from, below.length));
  }

  /** The descriptor of the directory itself. */
  int directory() throws IOException {
    tree();
    return descriptor;
  }

  private DirectoryTree tree() throws IOException {
    DirectoryTree known = tree;
    if (known == null) {
      while (descriptor < 0) {
        try {
          descriptor = Destination.shelter(posix, places.open(base), name.bytes());
        } catch (PosixException e) {
          if (!e.is(Errno.EEXIST)) {
            throw e;
          }
          name = name.next();
        }
      }
      known = new DirectoryTree(posix, descriptor, FilePath.ROOT, true);
      tree = known;
    }
    return known;
  }

  /** A name in it that nothing has had. */
  byte[] newName() {
    made++;
    return (NEW + made).getBytes(StandardCharsets.US_ASCII);
  }

  /** Moves what is at {@code path} here. */
  void keep(FilePath path) throws IOException {
    FilePath place = placeOf(path);
    FilePath above = place.parent();
    if (above == null) {
      throw new IllegalArgumentException("the base is above all that it keeps");
    }
    int to = tree().openOrMake(above);
    posix.renameNew(places.parentOf(path), path.name(), to, path.name());
    places.forget(path);
    kept++;
  }

  /** Removes the directory if it keeps nothing; nothing if that was done before. */
  @Override
  public void close() throws IOException {
    DirectoryTree known = tree;
    if (known != null) {
      tree = null;
      known.close();
      posix.close(descriptor);
      descriptor = -1;
      if (kept == 0) {
        try {
          posix.removeDirectory(places.open(base), name.bytes());
        } catch (PosixException e) {
          if (!e.is(Errno.ENOTEMPTY)) {
            throw e;
          }
        }
      }
    }
  }
}
