package org.deferredsync.backup;

import java.util.Arrays;
import org.deferredsync.snapshot.FilePath;

/**
 * Which paths of a source are left out. Pure: the same answer for the same path as long as the
 * fingerprint is equal; asked by several threads.
 */
public interface EntryFilter {
  /** Leaves nothing out. */
  EntryFilter NONE =
      new EntryFilter() {
        @Override
        public boolean excludes(FilePath path, boolean directory) {
          return false;
        }

        @Override
        public boolean excludes(byte[] bytes, int length, boolean directory) {
          return false;
        }

        @Override
        public byte[] fingerprint() {
          return new byte[0];
        }
      };

  /**
   * Whether the absolute path is left out; nothing below a directory that is left out is asked for.
   */
  boolean excludes(FilePath path, boolean directory);

  /** The same for the path in the first {@code length} bytes of an array. */
  default boolean excludes(byte[] bytes, int length, boolean directory) {
    return excludes(FilePath.of(Arrays.copyOf(bytes, length)), directory);
  }

  /** Stands for the rules: other rules have another one. */
  byte[] fingerprint();
}
