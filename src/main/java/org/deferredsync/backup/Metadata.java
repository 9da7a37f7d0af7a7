package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.fs.Posix;

/**
 * Sets the metadata of one object: owner, then mode, since a new owner clears setuid bits, then the
 * time. An ordinary user cannot give files away: then the owner stays in the catalogue alone, and
 * setuid bits with it.
 */
final class Metadata {
  private static final int DIRECTORY_USER = 0500;
  private static final int FILE_USER = 0400;

  private Metadata() {}

  /** As it is to be restored. */
  static void restore(
      Posix posix, int directory, byte[] name, int uid, int gid, int permissions, long mtimeNs)
      throws IOException {
    set(posix, directory, name, uid, gid, permissions, mtimeNs, 0);
  }

  /**
   * As it is kept in the mirror: for an ordinary user always readable by that user. Else what was
   * readable once could not be restored any more after the source took that away.
   */
  static void keep(
      Posix posix,
      int directory,
      byte[] name,
      boolean isDirectory,
      int uid,
      int gid,
      int permissions,
      long mtimeNs)
      throws IOException {
    int least = isDirectory ? DIRECTORY_USER : FILE_USER;
    set(posix, directory, name, uid, gid, permissions, mtimeNs, least);
  }

  private static void set(
      Posix posix,
      int directory,
      byte[] name,
      int uid,
      int gid,
      int permissions,
      long mtimeNs,
      int leastForUser)
      throws IOException {
    int user = posix.effectiveUser();
    if (user == 0) {
      posix.setOwner(directory, name, uid, gid);
      posix.setMode(directory, name, permissions);
    } else {
      int possible = uid == user ? permissions : permissions & 01777;
      posix.setMode(directory, name, possible | leastForUser);
    }
    posix.setTime(directory, name, mtimeNs);
  }
}
