package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * Opens directories at the paths that the operator wrote, links followed, but led astray by nobody
 * else: where others can change the names in a directory, root follows a link in it only to a
 * directory that the link's owner owns. For an ordinary user every path is as the system has it.
 */
public final class OperatorPath {
  private static final int MOST_LINKS = 40;
  private static final int OTHERS_WRITE = 022;
  private static final int STICKY = 01000;
  private static final byte[] SELF = {'.'};
  private static final byte[] UP = {'.', '.'};

  private final Posix posix;
  private int links;

  private OperatorPath(Posix posix) {
    this.posix = posix;
  }

  /**
   * Opens the directory at a path.
   *
   * @throws ForeignLinkException if a link on the way could be somebody else's trap
   */
  public static int open(Posix posix, FilePath path) throws IOException {
    if (posix.effectiveUser() != 0) {
      return posix.openPath(path.bytes());
    }
    return new OperatorPath(posix).fromRoot(path.names());
  }

  /** The same of a name in an open directory. */
  static int openBelow(Posix posix, int directory, FilePath path) throws IOException {
    if (posix.effectiveUser() != 0) {
      return posix.openPath(path.bytes());
    }
    return new OperatorPath(posix).below(directory, path.name());
  }

  private int fromRoot(List<byte[]> names) throws IOException {
    return walk(posix.openPath(FilePath.ROOT.bytes()), names);
  }

  /** Takes the descriptor over. */
  private int walk(int from, List<byte[]> names) throws IOException {
    int at = from;
    for (byte[] name : names) {
      int above = at;
      try {
        at = Arrays.equals(name, UP) ? posix.openDirectory(above, UP) : below(above, name);
      } finally {
        posix.close(above);
      }
    }
    return at;
  }

  private int below(int directory, byte[] name) throws IOException {
    try {
      return posix.openDirectory(directory, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ELOOP) && !e.is(Errno.ENOTDIR)) {
        throw e;
      }
      Stat there = posix.stat(directory, name);
      if (!there.isSymlink()) {
        throw e;
      }
      return follow(directory, name, there);
    }
  }

  private int follow(int directory, byte[] name, Stat link) throws IOException {
    if (++links > MOST_LINKS) {
      throw new PosixException(Errno.ELOOP, "openat", FilePath.ROOT.child(name).toString());
    }
    byte[] text = posix.readLink(directory, name);
    boolean absolute = text.length > 0 && text[0] == '/';
    int led =
        absolute ? fromRoot(names(text)) : walk(posix.openDirectory(directory, SELF), names(text));
    boolean trusted = false;
    try {
      trusted =
          isSafe(posix.stat(directory), link)
              || (link.uid() != 0 && link.uid() == posix.stat(led).uid());
    } finally {
      if (!trusted) {
        posix.close(led);
      }
    }
    if (!trusted) {
      throw new ForeignLinkException(name, link.uid());
    }
    return led;
  }

  /** Whether nobody but root can have put the link there, or put another in its place. */
  private static boolean isSafe(Stat directory, Stat link) {
    boolean open = (directory.mode() & OTHERS_WRITE) != 0;
    boolean sticky = (directory.mode() & STICKY) != 0;
    return directory.uid() == 0 && (!open || (sticky && link.uid() == 0));
  }

  private static List<byte[]> names(byte[] text) {
    List<byte[]> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= text.length; i++) {
      if (i == text.length || text[i] == '/') {
        byte[] name = Arrays.copyOfRange(text, start, i);
        if (name.length > 0 && !Arrays.equals(name, SELF)) {
          names.add(name);
        }
        start = i + 1;
      }
    }
    return names;
  }
}
