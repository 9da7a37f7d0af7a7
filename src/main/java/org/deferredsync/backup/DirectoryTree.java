package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The directories below one that is open, each opened component by component with no link followed.
 * Keeps the last used ones open, so that neighbours cost one call; the deepest tree needs no more
 * descriptors than a flat one.
 *
 * <p>A descriptor that it hands out is good until {@value #HELD} others have been handed out, or
 * its directory is forgotten; {@link #statOrNull} hands none out.
 */
final class DirectoryTree implements AutoCloseable {
  private static final int OPEN = 48;
  private static final int HELD = 8;

  private final Posix posix;
  private final int root;
  private final FilePath rootPath;
  private final boolean oneDevice;
  private final LinkedHashMap<FilePath, Integer> open = new LinkedHashMap<>(64, 0.75f, true);

  /** The directories handed out last, in a ring: somebody may be at work with their descriptors. */
  private final @Nullable FilePath[] held = new FilePath[HELD];

  private int next;

  /**
   * @param root a descriptor of the top, which stays its owner's
   * @param rootPath how the top is called in the paths asked for
   * @param oneDevice whether a directory that is mounted there is refused with EXDEV
   */
  DirectoryTree(Posix posix, int root, FilePath rootPath, boolean oneDevice) {
    this.posix = posix;
    this.root = root;
    this.rootPath = rootPath;
    this.oneDevice = oneDevice;
  }

  /** The directory at {@code path}; ENOENT, ENOTDIR or ELOOP if there is none. */
  int open(FilePath path) throws IOException {
    return handOut(path, reach(path, false));
  }

  /** The same; what is missing on the way is made with mode 0700. */
  int openOrMake(FilePath path) throws IOException {
    return handOut(path, reach(path, true));
  }

  private int handOut(FilePath path, int descriptor) {
    held[next] = path;
    next = (next + 1) % HELD;
    return descriptor;
  }

  private int reach(FilePath path, boolean make) throws IOException {
    Deque<FilePath> closed = new ArrayDeque<>();
    FilePath at = path;
    while (!at.equals(rootPath) && !open.containsKey(at)) {
      closed.push(at);
      at = at.above();
    }
    Integer known = open.get(at);
    int descriptor = known == null ? root : known;
    for (FilePath below : closed) {
      descriptor = openBelow(descriptor, below, make);
    }
    return descriptor;
  }

  private int openBelow(int parent, FilePath path, boolean make) throws IOException {
    byte[] name = path.name();
    int descriptor = make ? openOrMake(parent, name) : posix.openDirectory(parent, name);
    try {
      if (oneDevice && isOnAnother(posix.stat(descriptor))) {
        throw new PosixException(Errno.EXDEV, "openat", path.toString());
      }
    } catch (IOException e) {
      posix.close(descriptor);
      throw e;
    }
    closeEldest();
    open.put(path, descriptor);
    return descriptor;
  }

  /** A bind mount has the same device, and nothing can be renamed into it all the same. */
  private boolean isOnAnother(Stat stat) throws IOException {
    return stat.mountRoot() || stat.device() != posix.stat(root).device();
  }

  private int openOrMake(int parent, byte[] name) throws IOException {
    try {
      return posix.openDirectory(parent, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    }
    posix.makeDirectory(parent, name, 0700);
    return posix.openDirectory(parent, name);
  }

  /** The one not used for longest, but never one that somebody may be at work with. */
  private void closeEldest() throws IOException {
    if (open.size() < OPEN) {
      return;
    }
    Iterator<Map.Entry<FilePath, Integer>> eldest = open.entrySet().iterator();
    Map.Entry<FilePath, Integer> one = eldest.next();
    while (Arrays.asList(held).contains(one.getKey())) {
      one = eldest.next();
    }
    int descriptor = one.getValue();
    eldest.remove();
    posix.close(descriptor);
  }

  /** The names in the directory at {@code path}. */
  List<byte[]> names(FilePath path) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(open(path), entry -> names.add(entry.name()));
    return names;
  }

  /** What lies at {@code path}, or null if nothing does, or its parent is gone. */
  @Nullable Stat statOrNull(FilePath path) throws IOException {
    try {
      return path.equals(rootPath)
          ? posix.stat(root)
          : posix.stat(reach(path.above(), false), path.name());
    } catch (PosixException e) {
      if (e.isGone()) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Forgets what is open at and below {@code path}, which is about to be another directory or none.
   */
  void forget(FilePath path) throws IOException {
    List<Integer> gone = new ArrayList<>();
    open.entrySet()
        .removeIf(
            entry -> {
              boolean below = path.contains(entry.getKey());
              if (below) {
                gone.add(entry.getValue());
              }
              return below;
            });
    for (int descriptor : gone) {
      posix.close(descriptor);
    }
  }

  @Override
  public void close() throws IOException {
    forget(rootPath);
  }
}
