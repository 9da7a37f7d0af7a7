package org.deferredsync.plugin.dump;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.deferredsync.backup.ForeignLinkException;
import org.deferredsync.backup.OperatorPath;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * A directory that holds dumps, open: whoever else may change the names in it, what is read and
 * written is in it, and no link in it is followed.
 */
final class DumpDirectory implements Closeable {
  private static final int PRIVATE = 0600;

  private final Posix posix;
  private final FilePath path;
  private final int descriptor;

  private DumpDirectory(Posix posix, FilePath path, int descriptor) {
    this.posix = posix;
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * Opens the directory that a setting names.
   *
   * @throws SettingException if it is not there, no directory, or reached by somebody else's link
   */
  static DumpDirectory of(Posix posix, Settings settings, String key) throws SettingException {
    return at(posix, path(settings, key), settings, key);
  }

  /** The path that a setting names. */
  static FilePath path(Settings settings, String key) throws SettingException {
    String text = settings.required(key);
    settings.path(key);
    try {
      return FilePath.normalized(text.getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw settings.invalid(key, "has .. in it; write the path without");
    }
  }

  /** Opens the directory at that path, for which a setting is to blame. */
  static DumpDirectory at(Posix posix, FilePath path, Settings settings, String key)
      throws SettingException {
    try {
      return new DumpDirectory(posix, path, OperatorPath.open(posix, path));
    } catch (ForeignLinkException e) {
      throw settings.invalid(key, String.valueOf(e.getMessage()));
    } catch (PosixException e) {
      boolean absent = e.is(Errno.ENOENT);
      throw settings.invalid(
          key,
          absent
              ? "names no directory: " + path + " does not exist; make it, or correct the setting"
              : e.is(Errno.ENOTDIR)
                  ? "names no directory; correct it"
                  : "cannot be entered: " + e.getMessage());
    } catch (IOException e) {
      throw settings.invalid(key, "cannot be entered: " + e.getMessage());
    }
  }

  Posix posix() {
    return posix;
  }

  FilePath path() {
    return path;
  }

  /** For people: the path of a name in it. */
  String pathOf(String name) {
    return path.child(bytes(name)).toString();
  }

  int descriptor() {
    return descriptor;
  }

  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  /** Whether the file of that name is ours alone and has these very bytes. */
  boolean holds(String name, String hash, long size) throws IOException {
    OptionalInt file = open(name, hash, size);
    if (file.isPresent()) {
      posix.close(file.getAsInt());
    }
    return file.isPresent();
  }

  /**
   * The file of that name, open to be read, if it is ours alone and has these very bytes. Whoever
   * puts another one in its place later, this one goes on being read.
   */
  OptionalInt open(String name, String hash, long size) throws IOException {
    int file;
    try {
      file = posix.openFile(descriptor, bytes(name));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ELOOP)) {
        return OptionalInt.empty();
      }
      throw e;
    }
    boolean as = false;
    try {
      as = isOurs(posix.stat(file), size) && hash(file).equals(hash);
    } finally {
      if (!as) {
        posix.close(file);
      }
    }
    return as ? OptionalInt.of(file) : OptionalInt.empty();
  }

  private String hash(int file) throws IOException {
    MessageDigest digest = Digests.sha256();
    byte[] buffer = new byte[64 * 1024];
    int count;
    while ((count = posix.read(file, buffer, 0, buffer.length)) > 0) {
      digest.update(buffer, 0, count);
    }
    return Digests.text(digest);
  }

  private boolean isOurs(Stat stat, long size) {
    return isOurs(stat) && stat.nlink() == 1 && stat.size() == size;
  }

  /** Whether it is a file that we have made, and nobody else can open. */
  boolean isOurs(Stat stat) {
    return stat.isRegular() && stat.permissions() == PRIVATE && stat.uid() == posix.effectiveUser();
  }

  /** Whether a file of ours alone with that size is there; it is not read. */
  boolean seemsToHold(String name, long size) throws IOException {
    try {
      return isOurs(posix.stat(descriptor, bytes(name)), size);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** Whether a path leads to this very directory. */
  boolean isAt(String other) throws IOException {
    if (path.toString().equals(other)) {
      return true;
    }
    int there;
    try {
      there = posix.openPath(bytes(other));
    } catch (PosixException e) {
      // Whatever it was, it is not where we are.
      return false;
    }
    try {
      return posix.stat(there).sameObject(posix.stat(descriptor));
    } finally {
      posix.close(there);
    }
  }

  /** The names in it, in no order. */
  List<byte[]> names() throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(descriptor, entry -> names.add(entry.name()));
    return names;
  }

  /** Whether there is a file of that name. */
  boolean has(String name) throws IOException {
    try {
      return posix.stat(descriptor, bytes(name)).isRegular();
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** Whether a name leads to a directory, by a link or not. */
  boolean hasDirectory(String name) throws IOException {
    try {
      Stat stat = posix.stat(descriptor, bytes(name));
      return stat.isDirectory() || (stat.isSymlink() && Files.isDirectory(Path.of(pathOf(name))));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** Removes a file that is not needed any more. */
  void remove(String name) throws IOException {
    posix.unlink(descriptor, bytes(name));
    posix.sync(descriptor);
  }

  @Override
  public void close() throws IOException {
    posix.close(descriptor);
  }
}
