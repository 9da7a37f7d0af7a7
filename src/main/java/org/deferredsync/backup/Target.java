package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * An open target: the mirror, the increments beside it, and our own directory with catalogue,
 * staging and marks. All paths are opened below its one root descriptor.
 */
final class Target implements AutoCloseable {
  static final String OWN = ".deferred-sync";
  static final byte[] OWN_NAME = bytes(OWN);
  static final byte[] TARGET_ID = bytes("target-id");
  static final byte[] GENERATION = bytes("generation");
  static final byte[] RESERVE = bytes("reserve");
  static final byte[] RESERVE_INODE = bytes("reserve.inode");
  static final byte[] LOCK = bytes("lock");
  static final byte[] STAGING = bytes("staging");

  /** The bytes of the lock file that stand for the one writer and for the readers. */
  static final long RUN_LOCK = 0;

  static final long READER_LOCK = 1;
  static final String CATALOGUE = "catalogue.db";

  private final Posix posix;
  private final FilePath path;
  private final int root;
  private final int own;
  private final DirectoryTree mirror;

  private Target(Posix posix, FilePath path, int root, int own) {
    this.posix = posix;
    this.path = path;
    this.root = root;
    this.own = own;
    this.mirror = new DirectoryTree(posix, root, FilePath.ROOT, true);
  }

  /** Opens a target that has been begun. Takes {@code root} over, also when it fails. */
  static Target open(Posix posix, FilePath path, int root) throws IOException {
    try {
      int own = posix.openDirectory(root, OWN_NAME);
      try {
        checkNotMounted(posix, path, root, own, OWN);
      } catch (IOException e) {
        posix.close(own);
        throw e;
      }
      return new Target(posix, path, root, own);
    } catch (IOException e) {
      posix.close(root);
      throw e;
    }
  }

  /** What lies on another mount could not be renamed into the mirror. */
  private static void checkNotMounted(
      Posix posix, FilePath target, int root, int descriptor, String name) throws IOException {
    Stat stat = posix.stat(descriptor);
    if (stat.mountRoot() || stat.device() != posix.stat(root).device()) {
      throw new PosixException(Errno.EXDEV, "openat", target + "/" + name);
    }
  }

  /** Whether our own directory has the name. */
  boolean has(String name) throws IOException {
    try {
      posix.stat(own, bytes(name));
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** Whether a name at the root of a target is our own directory's or an increment's. */
  static boolean isOurs(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    return text.equals(OWN) || IncrementName.parse(text).isPresent();
  }

  FilePath path() {
    return path;
  }

  /** The descriptor of the root. */
  int root() {
    return root;
  }

  /** The descriptor of our own directory. */
  int own() {
    return own;
  }

  DirectoryTree mirror() {
    return mirror;
  }

  Path catalogueFile() {
    return Path.of(path.toString(), OWN, CATALOGUE);
  }

  /** Opens the staging directory, which is made if it is missing. */
  int openStaging() throws IOException {
    try {
      posix.makeDirectory(own, STAGING, 0700);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    int staging = posix.openDirectory(own, STAGING);
    try {
      checkNotMounted(posix, path, root, staging, OWN + "/staging");
      return staging;
    } catch (IOException e) {
      posix.close(staging);
      throw e;
    }
  }

  /** The number of the last batch that began to be published; 0 if none did. */
  long generation() throws IOException {
    byte[] text = new byte[GENERATION_LENGTH];
    int file;
    try {
      file = posix.openFile(own, GENERATION);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return 0;
      }
      throw e;
    }
    try {
      int length = 0;
      for (int n = 1; n > 0 && length < text.length; length += n) {
        n = posix.read(file, text, length, text.length - length);
      }
      if (length == 0) {
        return 0; // made, and cut short before the first number was written
      }
      return Long.parseLong(new String(text, 0, length, StandardCharsets.US_ASCII).strip());
    } catch (NumberFormatException e) {
      throw new IOException(path + "/" + OWN + "/generation: not a number", e);
    } finally {
      posix.close(file);
    }
  }

  private static final int GENERATION_LENGTH = 20;

  /** Writes the number in place, in one call, and syncs it. */
  void setGeneration(long number) throws IOException {
    byte[] text = bytes(String.format(Locale.ROOT, "%019d\n", number));
    int file = posix.openOwn(own, GENERATION, 0600);
    try {
      posix.write(file, text, 0, text.length);
      posix.sync(file);
    } finally {
      posix.close(file);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public void close() throws IOException {
    mirror.close();
    posix.close(own);
    posix.close(root);
  }
}
