package org.deferredsync.fs;

import java.io.IOException;
import java.util.function.Consumer;

/**
 * The operating system's file calls: relative to an open directory, names as bytes, no link
 * followed. Every call is the one of its man page, repeated on EINTR; a failure is a {@link
 * PosixException}. Safe for use by several threads.
 *
 * <p>A descriptor is a small number that {@link #close} ends. Everything opened is closed in child
 * processes.
 */
public interface Posix {
  /**
   * The calls of this system: its own on Linux (64-bit x86 and ARM), Java's file API elsewhere.
   *
   * @throws IllegalStateException if the native library cannot be loaded, with the remedy
   */
  static Posix ofSystem() {
    return Libc.isFor(System.getProperty("os.name", ""), System.getProperty("os.arch", ""))
        ? JnaPosix.load()
        : new NioPosix(NioNames.ofSystem());
  }

  // --- looking ---------------------------------------------------------------------------------

  /**
   * Opens the directory at an absolute path, links followed as the operator wrote it. Only for
   * paths of the configuration and the command line.
   */
  int openPath(byte[] absolutePath) throws IOException;

  /**
   * Opens a directory below {@code directory}: O_DIRECTORY|O_NOFOLLOW; ELOOP or ENOTDIR if it is
   * none.
   */
  int openDirectory(int directory, byte[] name) throws IOException;

  /** Opens a regular file to read: O_NOFOLLOW|O_NONBLOCK, O_NOATIME where allowed. */
  int openFile(int directory, byte[] name) throws IOException;

  /** Makes a new file to write and read, with this mode whatever the umask, O_EXCL. */
  int createFile(int directory, byte[] name, int mode) throws IOException;

  /** Opens a file of ours to read and write in place, O_NOFOLLOW; made with this mode if absent. */
  int openOwn(int directory, byte[] name, int mode) throws IOException;

  void close(int descriptor) throws IOException;

  Stat stat(int descriptor) throws IOException;

  /** statx(2) of a name, no link followed, no automount; ENOENT if it is absent. */
  Stat stat(int directory, byte[] name) throws IOException;

  /**
   * Hands every name of the directory to {@code sink}, in the order of the system, from its
   * beginning.
   */
  void list(int directory, Consumer<DirectoryEntry> sink) throws IOException;

  /** The bytes a symbolic link holds. */
  byte[] readLink(int directory, byte[] name) throws IOException;

  Space space(int descriptor) throws IOException;

  /** Numeric id of the effective user. */
  int effectiveUser();

  // --- contents --------------------------------------------------------------------------------

  /** Reads up to {@code length} bytes at the descriptor's position; 0 at the end of the file. */
  int read(int descriptor, byte[] buffer, int offset, int length) throws IOException;

  /** Writes all {@code length} bytes at the descriptor's position. */
  void write(int descriptor, byte[] buffer, int offset, int length) throws IOException;

  /** Moves the position, from the start of the file. */
  void seek(int descriptor, long position) throws IOException;

  /**
   * The next position at or after {@code position} that holds data, or -1 if none does (SEEK_DATA
   * of lseek(2)). Where the system does not know holes, {@code position} itself before the end of
   * the file.
   */
  long seekData(int descriptor, long position) throws IOException;

  /**
   * The next position at or after {@code position} that is in a hole or the end of the file
   * (SEEK_HOLE).
   */
  long seekHole(int descriptor, long position) throws IOException;

  void truncate(int descriptor, long size) throws IOException;

  void sync(int descriptor) throws IOException;

  /** syncfs(2): everything on the file system that the descriptor is on. */
  void syncFileSystem(int descriptor) throws IOException;

  // --- names -----------------------------------------------------------------------------------

  /**
   * mkdirat(2), then the exact mode whatever the umask. The mode is never wider than asked in
   * between.
   */
  void makeDirectory(int directory, byte[] name, int mode) throws IOException;

  void makeSymlink(int directory, byte[] name, byte[] target) throws IOException;

  /** mknodat(2) of a FIFO, socket or device, {@code mode} with its type bits. */
  void makeNode(int directory, byte[] name, int mode, long rdev) throws IOException;

  /** linkat(2); a symbolic link is linked itself. */
  void link(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  /** renameat(2): replaces what is at {@code to}. */
  void rename(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  /** renameat2(2) with RENAME_NOREPLACE: EEXIST if something is at {@code to}. */
  void renameNew(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  void unlink(int directory, byte[] name) throws IOException;

  void removeDirectory(int directory, byte[] name) throws IOException;

  // --- metadata --------------------------------------------------------------------------------

  /** fchownat(2), no link followed. */
  void setOwner(int directory, byte[] name, int uid, int gid) throws IOException;

  /** The permission bits of a regular file, directory or special file; no link followed. */
  void setMode(int directory, byte[] name, int permissions) throws IOException;

  /** utimensat(2) of the modification time, no link followed; the access time stays. */
  void setTime(int directory, byte[] name, long mtimeNs) throws IOException;

  // --- locks -----------------------------------------------------------------------------------

  /**
   * Takes an advisory lock on byte {@code position} of an open file, without waiting. The kernel
   * releases it when the descriptor is closed, however the process ends; it belongs to the
   * descriptor, not to the process.
   *
   * @return false if somebody else holds it in a way that excludes this one
   */
  boolean lock(int descriptor, long position, boolean exclusive) throws IOException;

  void unlock(int descriptor, long position) throws IOException;
}
