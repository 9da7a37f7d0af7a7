package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Files of the mirror that moved, linked under their old and their new names, so that rsync(1) sees
 * that both are one file. Lies in our own directory as long as the target is pushed; what a push
 * that was killed left there is dropped before anything is written.
 */
final class MovedTree implements AutoCloseable {
  private static final byte[] NAME = Stager.bytes("moved");

  private final Posix posix;
  private final Target target;
  private final FilePath path;
  private final int root;
  private final DirectoryTree tree;

  private MovedTree(Posix posix, Target target, FilePath path, int root) {
    this.posix = posix;
    this.target = target;
    this.path = path;
    this.root = root;
    this.tree = new DirectoryTree(posix, root, FilePath.ROOT, true);
  }

  /**
   * An empty one.
   *
   * @param name no other has it
   */
  static MovedTree make(Posix posix, Target target, String name) throws IOException {
    FilePath above = FilePath.ROOT.child(Target.OWN_NAME).child(NAME);
    int all = target.mirror().openOrMake(above);
    posix.makeDirectory(all, Stager.bytes(name), 0700);
    int root = posix.openDirectory(all, Stager.bytes(name));
    return new MovedTree(posix, target, above.child(Stager.bytes(name)), root);
  }

  /** Where it lies, from the target's root. */
  FilePath path() {
    return path;
  }

  /** Takes a file in; false if that cannot be, and it has to be sent. */
  boolean add(FilePath from, FilePath to) throws IOException {
    try {
      link(to, to);
      link(to, from);
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.EMLINK)
          || e.is(Errno.ENOSPC)
          || e.is(Errno.EEXIST)
          || e.is(Errno.ENOTDIR)
          || e.is(Errno.EPERM)) {
        return false; // as a directory one of the names has been taken, or there is no room
      }
      throw e;
    }
  }

  private void link(FilePath file, FilePath as) throws IOException {
    int mirror = target.mirror().open(file.above());
    posix.link(mirror, file.name(), tree.openOrMake(as.above()), as.name());
  }

  @Override
  public void close() throws IOException {
    tree.close();
    posix.close(root);
  }

  /** Takes all of them away. */
  static void clear(Posix posix, Target target) throws IOException {
    FilePath all = FilePath.ROOT.child(Target.OWN_NAME).child(NAME);
    target.mirror().forget(all);
    int root;
    try {
      root = posix.openDirectory(target.own(), NAME);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    try (DirectoryTree tree = new DirectoryTree(posix, root, FilePath.ROOT, true)) {
      clear(posix, tree, null, FilePath.ROOT);
    } finally {
      posix.close(root);
    }
    posix.removeDirectory(target.own(), NAME);
  }

  private static void clear(
      Posix posix, DirectoryTree tree, @Nullable FilePath above, FilePath path) throws IOException {
    for (byte[] name : tree.names(path)) {
      if (posix.stat(tree.open(path), name).isDirectory()) {
        clear(posix, tree, path, path.child(name));
      } else {
        posix.unlink(tree.open(path), name);
      }
    }
    if (above != null) {
      tree.forget(path);
      posix.removeDirectory(tree.open(above), path.name());
    }
  }
}
