package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors of more directories than are kept open. */
final class DirectoryTreeTest {
  private static final int DEPTH = 60;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private static FilePath deep(String first) {
    FilePath path = FilePath.ROOT.child(first.getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < DEPTH; i++) {
      path = path.child(new byte[] {'d'});
    }
    return path;
  }

  @Test
  void open_keepsWhatWasHandedOut_whateverIsOpenedMeanwhile() throws Exception {
    Posix posix = Posix.ofSystem();
    int root = posix.openPath(scratch.toString().getBytes(StandardCharsets.UTF_8));
    try (DirectoryTree tree = new DirectoryTree(posix, root, FilePath.ROOT, true)) {
      int one = tree.openOrMake(deep("a"));
      long inode = posix.stat(one).inode();
      int other = tree.openOrMake(deep("b"));
      for (String name : new String[] {"a", "b", "c", "e"}) {
        tree.statOrNull(deep(name));
      }
      assertThat(posix.stat(one).inode()).isEqualTo(inode);
      assertThat(tree.open(deep("a"))).isEqualTo(one);
      assertThat(tree.open(deep("b"))).isEqualTo(other);
    } finally {
      posix.close(root);
    }
  }
}
