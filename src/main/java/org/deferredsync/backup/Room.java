package org.deferredsync.backup;

import java.util.Optional;

/**
 * What a plan needs of the target's file system, and what that has.
 *
 * @param neededFiles how many inodes
 */
public record Room(long neededBytes, long freeBytes, long neededFiles, long freeFiles) {

  /** The same with less of it. */
  Room without(long bytes) {
    return new Room(neededBytes, Math.max(0, freeBytes - bytes), neededFiles, freeFiles);
  }

  /** What is lacking, in words; empty if there is enough. */
  public Optional<String> shortage() {
    if (neededBytes > freeBytes) {
      return Optional.of(
          Sizes.text(neededBytes)
              + " needed, "
              + Sizes.text(freeBytes)
              + " free: "
              + Sizes.text(neededBytes - freeBytes)
              + " short");
    }
    return neededFiles > freeFiles
        ? Optional.of(
            neededFiles
                + " inodes needed, "
                + freeFiles
                + " free: "
                + (neededFiles - freeFiles)
                + " short")
        : Optional.empty();
  }
}
