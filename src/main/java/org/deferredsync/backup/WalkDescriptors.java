package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;

/**
 * The descriptors of a walk's directories, of which only the last used stay open; the others are
 * opened again, each below its parent, and must be the directories that they were. Guarded by the
 * walk.
 */
final class WalkDescriptors {
  private final Posix posix;
  private final int limit;
  private final WalkDirectory top;
  private final int topDescriptor;
  private final Map<WalkDirectory, Open> open = new LinkedHashMap<>(128, 0.75f, true);

  private static final class Open {
    private final int descriptor;
    private int users;

    Open(int descriptor) {
      this.descriptor = descriptor;
    }
  }

  /**
   * @param topDescriptor stays its owner's
   * @param limit how many are open at most but for those in use
   */
  WalkDescriptors(Posix posix, WalkDirectory top, int topDescriptor, int limit) {
    this.posix = posix;
    this.top = top;
    this.topDescriptor = topDescriptor;
    this.limit = limit;
  }

  /** Takes over a descriptor. */
  void add(WalkDirectory directory, int descriptor) throws IOException {
    open.put(directory, new Open(descriptor));
    closeEldest();
  }

  /** A descriptor of the directory, good until {@link #release}. */
  int use(WalkDirectory directory) throws IOException {
    if (directory == top) {
      return topDescriptor;
    }
    Deque<WalkDirectory> closed = new ArrayDeque<>();
    WalkDirectory at = directory;
    while (at.parent() != null && !open.containsKey(at)) {
      closed.push(at);
      at = at.parent();
    }
    int descriptor = at == top ? topDescriptor : inUse(at);
    while (!closed.isEmpty()) {
      WalkDirectory below = closed.pop();
      try {
        descriptor = openAgain(descriptor, below);
      } finally {
        release(at);
      }
      Open opened = new Open(descriptor);
      opened.users = 1;
      open.put(below, opened);
      closeEldest();
      at = below;
    }
    return descriptor;
  }

  private int inUse(WalkDirectory directory) {
    Open found = open.get(directory);
    if (found == null) {
      throw new IllegalStateException("not open");
    }
    found.users++;
    return found.descriptor;
  }

  private int openAgain(int parent, WalkDirectory directory) throws IOException {
    int descriptor = posix.openDirectory(parent, directory.name());
    try {
      if (!posix.stat(descriptor).sameObject(directory.stat())) {
        // Another one has its name now: the one that was listed is not there any more.
        throw new PosixException(
            Errno.ENOENT, "openat", FilePath.ROOT.child(directory.name()).toString());
      }
      return descriptor;
    } catch (IOException e) {
      posix.close(descriptor);
      throw e;
    }
  }

  /** Ends one {@link #use}. */
  void release(WalkDirectory directory) {
    if (directory != top) {
      Open found = open.get(directory);
      if (found != null) {
        found.users--;
      }
    }
  }

  private void closeEldest() throws IOException {
    Iterator<Open> eldest = open.values().iterator();
    while (open.size() > limit && eldest.hasNext()) {
      Open candidate = eldest.next();
      if (candidate.users == 0) {
        eldest.remove();
        posix.close(candidate.descriptor);
      }
    }
  }

  /** Closes what is open; nobody uses any of it any more. */
  void closeAll() throws IOException {
    for (Open one : open.values()) {
      posix.close(one.descriptor);
    }
    open.clear();
  }
}
