package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * What a restore in place does where something has to change: it is carried out, or only told.
 * Every path's parent is there, or would be.
 */
interface PlaceChanges {
  /** Moves what is at the path to where it is kept; answers whether it has gone. */
  boolean moveAside(FilePath path, Aside aside) throws IOException;

  /** Makes a directory that only we can enter. */
  void makeDirectory(FilePath path) throws IOException;

  /** Gives a directory its own metadata. */
  void setDirectory(
      FilePath path, @Nullable Stat there, Version version, ExtendedAttributes attributes)
      throws IOException;

  /**
   * Puts a file, link or special file to its path, after what is there was moved aside.
   *
   * @param there what is there, or null
   * @param others where names of the same inode are
   * @return whether it is there now
   */
  boolean put(
      Found found,
      @Nullable Stat there,
      ExtendedAttributes attributes,
      List<FilePath> others,
      Aside aside)
      throws IOException;

  /** Whether a file would be at the place by now that nobody has made. */
  boolean isOnlyTold(FilePath place);
}
