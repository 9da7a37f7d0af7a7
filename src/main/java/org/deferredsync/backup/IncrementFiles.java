package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;

/**
 * Deletes single files in increments, and directories there that are empty. What is gone already is
 * no error.
 */
final class IncrementFiles implements AutoCloseable {
  private final Posix posix;
  private final Target target;
  private final Barrier barrier;
  private final Map<Long, String> names = new HashMap<>();
  private final Map<Long, DirectoryTree> trees = new HashMap<>();
  private final List<Integer> descriptors = new ArrayList<>();

  IncrementFiles(Posix posix, Target target, Catalogue catalogue, Barrier barrier)
      throws IOException {
    this.posix = posix;
    this.target = target;
    this.barrier = barrier;
    for (Run run : catalogue.runs().list()) {
      String name = run.increment();
      if (name != null) {
        names.put(run.id(), name);
      }
    }
  }

  void delete(long run, FilePath path) throws IOException {
    try {
      int directory = tree(run).open(path.above());
      unlink(directory, path.name());
      barrier.written(directory);
    } catch (PosixException e) {
      if (!e.isGone()) {
        throw e;
      }
    }
  }

  /** Whether the increment of the run holds anything at the path. */
  boolean has(long run, FilePath path) throws IOException {
    try {
      return tree(run).statOrNull(path) != null;
    } catch (PosixException e) {
      if (e.isGone()) {
        return false;
      }
      throw e;
    }
  }

  private void unlink(int directory, byte[] name) throws IOException {
    try {
      posix.unlink(directory, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) { // which an earlier attempt may have deleted, and not made durable
        throw e;
      }
    }
  }

  private DirectoryTree tree(long run) throws IOException {
    DirectoryTree tree = trees.get(run);
    if (tree == null) {
      String name = names.get(run);
      if (name == null) {
        throw new PosixException(Errno.ENOENT, "openat", "increment of run " + run);
      }
      int descriptor = Increment.open(posix, target, name);
      descriptors.add(descriptor);
      tree = new DirectoryTree(posix, descriptor, FilePath.ROOT, true);
      trees.put(run, tree);
    }
    return tree;
  }

  /** Whether there are only directories in an increment; changes nothing. */
  static boolean holdsNoFile(Posix posix, Target target, String name) throws IOException {
    int increment;
    try {
      increment = Increment.open(posix, target, name);
    } catch (PosixException e) {
      if (e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        return false;
      }
      throw e;
    }
    try (DirectoryTree tree = new DirectoryTree(posix, increment, FilePath.ROOT, true)) {
      return holdsNoFile(tree, FilePath.ROOT);
    } finally {
      posix.close(increment);
    }
  }

  private static boolean holdsNoFile(DirectoryTree tree, FilePath path) throws IOException {
    for (byte[] name : tree.names(path)) {
      FilePath child = path.child(name);
      Stat stat = tree.statOrNull(child);
      if (stat != null && !(stat.isDirectory() && holdsNoFile(tree, child))) {
        return false;
      }
    }
    return true;
  }

  /** Removes an increment in which there are only directories; false if it holds anything else. */
  static boolean removeEmpty(Posix posix, Target target, String name) throws IOException {
    byte[] bytes = Stager.bytes(name);
    int increment;
    try {
      increment = posix.openDirectory(target.root(), bytes);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      if (e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        return false; // somebody put something else in its place: not ours to remove
      }
      throw e;
    }
    boolean empty;
    try (DirectoryTree tree = new DirectoryTree(posix, increment, FilePath.ROOT, true)) {
      empty = removeEmptyBelow(posix, tree, FilePath.ROOT);
    } finally {
      posix.close(increment);
    }
    if (empty) {
      posix.removeDirectory(target.root(), bytes);
    }
    return empty;
  }

  /**
   * Removes a directory of an increment, and those above it, as far as there are no files in it.
   */
  static void removeEmpty(Posix posix, Target target, String name, FilePath path)
      throws IOException {
    int increment;
    try {
      increment = Increment.open(posix, target, name);
    } catch (PosixException e) {
      if (e.isGone()) {
        return; // gone, or something that somebody put in its place
      }
      throw e;
    }
    try (DirectoryTree tree = new DirectoryTree(posix, increment, FilePath.ROOT, true)) {
      FilePath empty = path;
      for (FilePath above = path.parent(); above != null; above = above.parent()) {
        Stat stat = tree.statOrNull(empty);
        if (stat != null) {
          if (!stat.isDirectory() || !removeEmptyBelow(posix, tree, empty)) {
            return;
          }
          tree.forget(empty);
          posix.removeDirectory(tree.open(above), empty.name());
        }
        empty = above;
      }
    } finally {
      posix.close(increment);
    }
  }

  private static boolean removeEmptyBelow(Posix posix, DirectoryTree tree, FilePath path)
      throws IOException {
    boolean empty = true;
    for (byte[] name : tree.names(path)) {
      FilePath child = path.child(name);
      Stat stat = posix.stat(tree.open(path), name);
      if (stat.isDirectory() && removeEmptyBelow(posix, tree, child)) {
        tree.forget(child);
        posix.removeDirectory(tree.open(path), name);
      } else {
        empty = false;
      }
    }
    return empty;
  }

  @Override
  public void close() throws IOException {
    for (DirectoryTree tree : trees.values()) {
      tree.close();
    }
    for (int descriptor : descriptors) {
      posix.close(descriptor);
    }
  }
}
