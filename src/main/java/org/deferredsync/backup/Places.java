package org.deferredsync.backup;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The places that files had, on the running system. The parents of a source are opened as the
 * configuration wrote them; from the source on down no link is followed.
 */
final class Places implements AutoCloseable {
  private final Posix posix;
  private final Map<FilePath, DirectoryTree> trees = new LinkedHashMap<>();
  private final Map<FilePath, Integer> roots = new LinkedHashMap<>();

  Places(Posix posix) {
    this.posix = posix;
  }

  /**
   * Opens what there is of the parents of a source.
   *
   * @throws BackupException if somebody else could lead the way to them elsewhere
   */
  void openAbove(FilePath source) throws BackupException, IOException {
    FilePath parent = source.parent();
    FilePath above = parent == null ? FilePath.ROOT : parent;
    while (!trees.containsKey(above)) {
      try {
        int root = OperatorPath.open(posix, above);
        roots.put(above, root);
        trees.put(above, new DirectoryTree(posix, root, above, false));
      } catch (PosixException e) {
        FilePath next = above.parent();
        if (!e.is(Errno.ENOENT) || next == null) {
          throw e;
        }
        above = next;
      } catch (ForeignLinkException e) {
        throw BackupException.failure(source + ": " + e.getMessage());
      }
    }
  }

  /** The directories around {@code path}. */
  private DirectoryTree tree(FilePath path) {
    DirectoryTree tree = trees.get(rootOf(path));
    if (tree == null) {
      throw new IllegalArgumentException(path + " is in no source that was opened");
    }
    return tree;
  }

  private @Nullable FilePath rootOf(FilePath path) {
    FilePath best = null;
    for (FilePath root : trees.keySet()) {
      if (root.contains(path) && (best == null || root.length() > best.length())) {
        best = root;
      }
    }
    return best;
  }

  /** Whether a directory above {@code path} lies below what of these was opened at the start. */
  boolean isBeneathRootOf(FilePath path, FilePath above) {
    FilePath root = rootOf(path);
    return root != null && root.contains(above) && !root.equals(above);
  }

  /** The open directory at {@code path}. */
  int open(FilePath path) throws IOException {
    return tree(path).open(path);
  }

  /** The open directory that holds {@code path}. */
  int parentOf(FilePath path) throws IOException {
    return open(path.above());
  }

  /** What is there, or null. */
  @Nullable Stat statOrNull(FilePath path) throws IOException {
    return tree(path).statOrNull(path);
  }

  /** Forgets what is open at and below {@code path}, which is about to be something else. */
  void forget(FilePath path) throws IOException {
    for (DirectoryTree tree : trees.values()) {
      tree.forget(path);
    }
  }

  @Override
  public void close() throws IOException {
    for (DirectoryTree tree : trees.values()) {
      tree.close();
    }
    for (int root : roots.values()) {
      posix.close(root);
    }
  }
}
