package org.deferredsync.fs;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import org.deferredsync.logging.Printable;

/**
 * Names as bytes and as {@link Path}s. Only what comes back from the file-name charset unchanged is
 * let through, in either direction; everything else is refused rather than changed.
 */
final class NioNames {
  private final Charset charset;

  NioNames(Charset charset) {
    this.charset = charset;
  }

  /** With the charset that this system's Java turns names into bytes with. */
  static NioNames ofSystem() {
    String name = System.getProperty("sun.jnu.encoding");
    return new NioNames(name == null ? Charset.defaultCharset() : Charset.forName(name));
  }

  /** The path of one component below {@code directory}. */
  Path child(Path directory, byte[] name) throws PosixException {
    if (name.length == 0) {
      throw new PosixException(Errno.ENOENT, "name", "''");
    }
    for (byte b : name) {
      if (b == '/' || b == 0) {
        throw new PosixException(Errno.EINVAL, "name", Printable.of(name));
      }
    }
    if (name.length > 255) {
      throw new PosixException(Errno.ENAMETOOLONG, "name", Printable.of(name));
    }
    return directory.resolve(path(name));
  }

  Path absolute(byte[] path) throws PosixException {
    if (path.length == 0 || path[0] != '/') {
      throw new PosixException(Errno.EINVAL, "open", Printable.of(path));
    }
    if (path.length >= 4096) {
      throw new PosixException(Errno.ENAMETOOLONG, "open", Printable.of(path));
    }
    return path(path);
  }

  /** A path in its plain form, as the text of a symbolic link must be here. */
  Path linkText(byte[] text) throws PosixException {
    Path path = path(text);
    if (text.length == 0 || !Arrays.equals(path.toString().getBytes(charset), text)) {
      throw notKept("symlink", Printable.of(text));
    }
    return path;
  }

  private Path path(byte[] bytes) throws PosixException {
    String text = new String(bytes, charset);
    if (!Arrays.equals(text.getBytes(charset), bytes)) {
      throw notKept("name", Printable.of(bytes));
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw notKept("name", Printable.of(bytes));
    }
  }

  /** The bytes of a name that the system gave. */
  byte[] bytes(Path name) throws PosixException {
    String text = name.toString();
    boolean same;
    try {
      // Paths compare by the bytes they stand for.
      same = Path.of(text).equals(name);
    } catch (InvalidPathException e) {
      same = false;
    }
    if (!same) {
      throw notKept("readdir", Printable.of(text));
    }
    return text.getBytes(charset);
  }

  /** The bytes that a symbolic link holds. */
  byte[] readLink(Path link) throws IOException {
    byte[] text = bytes(Files.readSymbolicLink(link));
    Object size = Files.getAttribute(link, "size", LinkOption.NOFOLLOW_LINKS);
    if (!size.equals((long) text.length)) {
      // Java has dropped a doubled or a trailing slash.
      throw notKept("readlink", Printable.of(link.toString()));
    }
    return text;
  }

  private PosixException notKept(String call, String object) {
    return new PosixException(
        Errno.EINVAL, call + ": not kept by Java's file names in " + charset, object);
  }
}
