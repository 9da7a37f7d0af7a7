package org.deferredsync.backup;

import org.deferredsync.snapshot.FilePath;

/**
 * Which paths of a source are left out. Pure: the same answer for the same path as long as the
 * fingerprint is equal.
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
        public byte[] fingerprint() {
          return new byte[0];
        }
      };

  /**
   * Whether the absolute path is left out; nothing below a directory that is left out is asked for.
   */
  boolean excludes(FilePath path, boolean directory);

  /** Stands for the rules: other rules have another one. */
  byte[] fingerprint();
}
