package org.deferredsync.plugin.dump;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;

/**
 * A directory of ours for a while, in a place where others have theirs too. It is locked as long as
 * its process lives, by which the next one knows, and removes, what a killed one has left.
 */
final class Workplace implements Closeable {
  private static final byte[] LOCK = "lock".getBytes(StandardCharsets.US_ASCII);
  private static final int RANDOM = 8;
  private static final int PRIVATE = 0700;
  private static final SecureRandom NAMES = new SecureRandom();

  private final Posix posix;
  private final Path path;
  private final int parent;
  private final int descriptor;
  private final int lock;

  private Workplace(Posix posix, Path path, int parent, int descriptor, int lock) {
    this.posix = posix;
    this.path = path;
    this.parent = parent;
    this.descriptor = descriptor;
    this.lock = lock;
  }

  /** Empties the directories in one that was left behind; files in it are removed without. */
  @FunctionalInterface
  interface Emptier {
    void empty(Path leftover) throws IOException;
  }

  /**
   * Makes one, mode 0700.
   *
   * @param prefix what the names of all of its kind begin with
   */
  static Workplace in(Posix posix, Path parent, String prefix, Emptier emptier) throws IOException {
    int place = posix.openPath(bytes(parent));
    try {
      removeLeftovers(posix, place, parent, prefix, emptier);
      return make(posix, place, parent, prefix);
    } catch (IOException e) {
      posix.close(place);
      throw e;
    }
  }

  private static Workplace make(Posix posix, int place, Path parent, String prefix)
      throws IOException {
    byte[] random = new byte[RANDOM];
    NAMES.nextBytes(random);
    Path path = parent.resolve(prefix + HexFormat.of().formatHex(random));
    posix.makeDirectory(place, name(path), PRIVATE);
    int directory;
    try {
      directory = posix.openDirectory(place, name(path));
    } catch (PosixException e) {
      return again(e, posix, place, parent, prefix);
    }
    try {
      int lock = posix.createFile(directory, LOCK, 0600);
      if (posix.lock(lock, 0, true) && !isGone(posix, directory)) {
        return new Workplace(posix, path, place, directory, lock);
      }
      posix.close(lock);
    } catch (PosixException e) {
      posix.close(directory);
      return again(e, posix, place, parent, prefix);
    }
    posix.close(directory);
    throw new IOException(path + " was taken for a leftover by another process; try again");
  }

  /** Makes another if the first, which had no lock yet, was taken for a leftover. */
  private static Workplace again(
      PosixException why, Posix posix, int place, Path parent, String prefix) throws IOException {
    if (!why.is(Errno.ENOENT)) {
      throw why;
    }
    return make(posix, place, parent, prefix);
  }

  private static boolean isGone(Posix posix, int directory) throws IOException {
    try {
      posix.stat(directory, LOCK);
      return false;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      throw e;
    }
  }

  private static void removeLeftovers(
      Posix posix, int place, Path parent, String prefix, Emptier emptier) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(place, entry -> names.add(entry.name()));
    for (byte[] name : names) {
      String text = new String(name, StandardCharsets.UTF_8);
      if (text.startsWith(prefix)
          && text.substring(prefix.length()).matches("[0-9a-f]{" + 2 * RANDOM + "}")) {
        try {
          removeLeftover(posix, place, parent.resolve(text), emptier);
        } catch (PosixException e) {
          // Another process removes it too, or it is none of ours.
          if (!e.is(Errno.ENOENT) && !e.is(Errno.ENOTDIR) && !e.is(Errno.ELOOP)) {
            throw e;
          }
        }
      }
    }
  }

  private static void removeLeftover(Posix posix, int place, Path path, Emptier emptier)
      throws IOException {
    Stat there = posix.stat(place, name(path));
    if (!there.isDirectory() || there.uid() != posix.effectiveUser()) {
      return;
    }
    int directory = posix.openDirectory(place, name(path));
    try {
      if (isGone(posix, directory)) {
        removeEmpty(posix, place, path); // whoever removed it ended before its last step
        return;
      }
      int lock = posix.openFile(directory, LOCK);
      try {
        if (posix.stat(directory).sameObject(there) && posix.lock(lock, 0, false)) {
          emptier.empty(path);
          remove(posix, place, directory, name(path));
        }
      } finally {
        posix.close(lock);
      }
    } finally {
      posix.close(directory);
    }
  }

  private static void removeEmpty(Posix posix, int place, Path path) throws IOException {
    try {
      posix.removeDirectory(place, name(path));
    } catch (PosixException e) {
      if (!e.is(Errno.ENOTEMPTY)) { // just being made
        throw e;
      }
    }
  }

  private static void remove(Posix posix, int place, int directory, byte[] name)
      throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(directory, entry -> names.add(entry.name()));
    for (byte[] each : names) {
      if (posix.stat(directory, each).isDirectory()) {
        posix.removeDirectory(directory, each);
      } else if (!Arrays.equals(each, LOCK)) {
        posix.unlink(directory, each);
      }
    }
    // The last one: without it nobody knows the rest for what it is.
    posix.unlink(directory, LOCK);
    posix.removeDirectory(place, name);
  }

  Path path() {
    return path;
  }

  int descriptor() {
    return descriptor;
  }

  private static byte[] name(Path path) {
    return bytes(path.getFileName());
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Removes it with the files in it.
   *
   * @throws IOException if a directory in it is not empty
   */
  @Override
  public void close() throws IOException {
    try {
      remove(posix, parent, descriptor, name(path));
    } catch (IOException e) {
      throw new IOException(path + " cannot be removed, remove it: " + e.getMessage(), e);
    } finally {
      posix.close(lock);
      posix.close(descriptor);
      posix.close(parent);
    }
  }
}
