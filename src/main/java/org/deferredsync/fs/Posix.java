package org.deferredsync.fs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The operating system's file calls: relative to an open directory, names as bytes, no link
 * followed. Every call is the one of its man page, repeated on EINTR; a failure is a {@link
 * PosixException}. Safe for use by several threads, as long as no two read, write, seek or list by
 * one descriptor at a time.
 *
 * <p>A name is one component of 1 to 255 bytes; one with a slash or a NUL is refused with EINVAL,
 * since the kernel would walk it and follow links. A descriptor is a small number that {@link
 * #close} ends. Everything opened is closed in child processes.
 */
public interface Posix {
  /**
   * The calls of this system: its own on Linux (64-bit x86 and ARM), Java's file API elsewhere.
   *
   * @throws IllegalStateException if the native library cannot be loaded, with the remedy
   */
  static Posix ofSystem() {
    return JnaPosix.isFor(System.getProperty("os.name", ""), System.getProperty("os.arch", ""))
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
   * Opens a directory below {@code directory}: O_DIRECTORY|O_NOFOLLOW, O_NOATIME where allowed;
   * ELOOP or ENOTDIR for a symbolic link, ENOTDIR for anything else that is none.
   */
  int openDirectory(int directory, byte[] name) throws IOException;

  /**
   * Opens a file to read: O_NOFOLLOW|O_NONBLOCK, O_NOATIME where allowed; ELOOP for a symbolic
   * link. What else the name has become meanwhile is opened too: compare {@link #stat(int)}.
   */
  int openFile(int directory, byte[] name) throws IOException;

  /** Makes a new file to write and read, with this mode whatever the umask, O_EXCL. */
  int createFile(int directory, byte[] name, int mode) throws IOException;

  /** Opens a file of ours to read and write in place, O_NOFOLLOW; made with this mode if absent. */
  int openOwn(int directory, byte[] name, int mode) throws IOException;

  /** Ends the descriptor, whatever it answers. */
  void close(int descriptor) throws IOException;

  Stat stat(int descriptor) throws IOException;

  /** statx(2) of a name, no link followed, no automount; ENOENT if it is absent. */
  Stat stat(int directory, byte[] name) throws IOException;

  /**
   * Hands every name of the directory to {@code sink}, in the order of the system, from its
   * beginning. The sink may make any other call, list another directory too.
   */
  void list(int directory, Consumer<DirectoryEntry> sink) throws IOException;

  /**
   * {@link #list} and {@link #stat(int, byte[])} in one: hands every name that can be looked at to
   * {@code sink}, and the others as failed.
   *
   * @throws PosixException if the directory itself cannot be read to its end
   */
  default void statEach(int directory, StatSink sink) throws IOException {
    StatBuffer buffer = new StatBuffer();
    List<IOException> ended = new ArrayList<>(1);
    list(
        directory,
        entry -> {
          if (ended.isEmpty()) {
            try {
              statOne(directory, entry.name(), buffer, sink);
            } catch (IOException e) {
              ended.add(e);
            }
          }
        });
    if (!ended.isEmpty()) {
      throw ended.get(0);
    }
  }

  private void statOne(int directory, byte[] name, StatBuffer buffer, StatSink sink)
      throws IOException {
    Stat stat;
    try {
      stat = stat(directory, name);
    } catch (PosixException e) {
      sink.failed(name, e);
      return;
    }
    buffer.setName(name, 0, name.length);
    buffer.setStat(stat);
    sink.take(buffer);
  }

  /** The bytes a symbolic link holds. */
  byte[] readLink(int directory, byte[] name) throws IOException;

  Space space(int descriptor) throws IOException;

  /** Numeric id of the effective user. */
  int effectiveUser();

  /** How many descriptors this process may have open at once; the largest number if unknown. */
  default long openLimit() {
    return Long.MAX_VALUE;
  }

  // --- contents --------------------------------------------------------------------------------

  /**
   * Reads up to {@code length} bytes at the descriptor's position, often fewer; 0 at the end of the
   * file.
   */
  int read(int descriptor, byte[] buffer, int offset, int length) throws IOException;

  /** Writes all {@code length} bytes at the descriptor's position; after an error, some of them. */
  void write(int descriptor, byte[] buffer, int offset, int length) throws IOException;

  /** Moves the position, from the start of the file. */
  void seek(int descriptor, long position) throws IOException;

  /**
   * The next position at or after {@code position} that holds data, or -1 if none does (SEEK_DATA
   * of lseek(2)). Where the system does not know holes, {@code position} itself before the end of
   * the file. The descriptor's position is undefined afterwards: seek before reading or writing.
   */
  long seekData(int descriptor, long position) throws IOException;

  /**
   * The next position at or after {@code position} that is in a hole (SEEK_HOLE); the size of the
   * file if there is none. The descriptor's position is undefined afterwards.
   */
  long seekHole(int descriptor, long position) throws IOException;

  /** Cuts the file, or lets it end in a hole; the descriptor's position stays. */
  void truncate(int descriptor, long size) throws IOException;

  /**
   * Asks the system to begin writing a range of an open file to the disk, and waits for nothing;
   * nothing is safe by that. Does nothing where there is no such call (sync_file_range(2)).
   */
  void beginWriteBack(int descriptor, long position, long length) throws IOException;

  /** fsync(2) of a file or directory. */
  void sync(int descriptor) throws IOException;

  /**
   * The same of a directory.
   *
   * @return false where its file system knows no such thing (EINVAL): then nobody can do more
   */
  default boolean syncDirectory(int directory) throws IOException {
    try {
      sync(directory);
      return true;
    } catch (PosixException e) {
      if (!e.is(Errno.EINVAL)) {
        throw e;
      }
      return false;
    }
  }

  /**
   * syncfs(2): everything on the file system that the descriptor is on; ENOSYS where there is no
   * such call.
   */
  void syncFileSystem(int descriptor) throws IOException;

  /** Whether {@link #syncFileSystem} is more than a refusal. */
  default boolean syncsFileSystems() {
    return true;
  }

  // --- names -----------------------------------------------------------------------------------

  /**
   * mkdirat(2), then the exact mode whatever the umask. The mode is never wider than asked in
   * between.
   */
  void makeDirectory(int directory, byte[] name, int mode) throws IOException;

  void makeSymlink(int directory, byte[] name, byte[] target) throws IOException;

  /**
   * mknodat(2) of a FIFO, socket or device, {@code mode} with its type bits and exact whatever the
   * umask, {@code rdev} as in {@link Stat}; ENOSYS where Java alone cannot do it.
   */
  void makeNode(int directory, byte[] name, int mode, long rdev) throws IOException;

  /** linkat(2); a symbolic link is linked itself. */
  void link(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  /**
   * renameat(2): replaces what is at {@code to}, but does nothing, without an error, if both are
   * names of one inode.
   */
  void rename(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  /**
   * renameat2(2) with RENAME_NOREPLACE: EEXIST if something is at {@code to}. Where the file system
   * has no such call, a file is linked and unlinked (a crash in between leaves both names); a
   * directory is renamed after a look, which a directory made in that moment does not survive if it
   * is empty.
   */
  void renameNew(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException;

  /** unlinkat(2): EISDIR for a directory. */
  void unlink(int directory, byte[] name) throws IOException;

  /** unlinkat(2) with AT_REMOVEDIR: ENOTEMPTY, or ENOTDIR for anything else. */
  void removeDirectory(int directory, byte[] name) throws IOException;

  // --- metadata --------------------------------------------------------------------------------

  /**
   * fchownat(2), no link followed; the ids unsigned. The kernel may take set-id bits away, so set
   * the mode after it.
   */
  void setOwner(int directory, byte[] name, int uid, int gid) throws IOException;

  /**
   * The permission bits of a regular file, directory or special file; EOPNOTSUPP for a symbolic
   * link.
   */
  void setMode(int directory, byte[] name, int permissions) throws IOException;

  /** utimensat(2) of the modification time, no link followed; the access time stays. */
  void setTime(int directory, byte[] name, long mtimeNs) throws IOException;

  /** fchown(2), otherwise as by name. */
  void setOwner(int descriptor, int uid, int gid) throws IOException;

  /** fchmod(2), otherwise as by name. */
  void setMode(int descriptor, int permissions) throws IOException;

  /** futimens(2), otherwise as by name. */
  void setTime(int descriptor, long mtimeNs) throws IOException;

  /**
   * The extended attributes of an open file or directory, access lists and capabilities among them
   * (xattr(7)), in the order of the system; none where the file system keeps none. One that goes
   * away meanwhile is left out, and so are XFS's second names for access lists ({@code
   * trusted.SGI_ACL_*}).
   */
  List<Xattr> xattrs(int descriptor) throws IOException;

  /** The same of a name, no link followed. */
  List<Xattr> xattrs(int directory, byte[] name) throws IOException;

  /**
   * lsetxattr(2): sets one attribute of a name, no link followed; EOPNOTSUPP where file system or
   * type of file cannot have it, ENOSPC or ERANGE where it is too long for the file system.
   */
  void setXattr(int directory, byte[] name, Xattr attribute) throws IOException;

  /** lremovexattr(2); ENODATA if the name has no such attribute. */
  void removeXattr(int directory, byte[] name, byte[] attribute) throws IOException;

  // --- locks -----------------------------------------------------------------------------------

  /**
   * Takes an advisory lock on byte {@code position} of an open file, without waiting. The kernel
   * releases it when the descriptor is closed, however the process ends; it belongs to the
   * descriptor, not to the process. A shared one held already becomes exclusive, and the reverse.
   *
   * @return false if somebody else holds it in a way that excludes this one
   */
  boolean lock(int descriptor, long position, boolean exclusive) throws IOException;

  /** Gives the byte back; nothing if it was not held. */
  void unlock(int descriptor, long position) throws IOException;
}
