package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * A source of this run, open from the ground check to the end: all its paths are opened below this
 * one descriptor, so that an unmount in between is refused or seen, and never read as a removal.
 *
 * @param index its place in the order of the configuration
 */
record SourceRoot(
    int index,
    FilePath path,
    int descriptor,
    Stat stat,
    DirectoryTree tree,
    ListingReader reader,
    Problems problems) {

  void close(Posix posix) throws IOException {
    tree.close();
    posix.close(descriptor);
  }
}
