package org.deferredsync.snapshot;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/**
 * An absolute path as the bytes that the operating system uses: no empty, {@code .} or {@code ..}
 * component, no NUL, no trailing slash but for the root itself.
 */
public final class FilePath implements Comparable<FilePath> {
  /** The path {@code /}. */
  public static final FilePath ROOT = new FilePath(new byte[] {'/'});

  private final byte[] bytes;

  private FilePath(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The path with these bytes.
   *
   * @throws IllegalArgumentException if they are not an absolute path in its plain form
   */
  public static FilePath of(byte[] bytes) {
    if (bytes.length == 0 || bytes[0] != '/') {
      throw new IllegalArgumentException("not an absolute path: " + Printable.of(bytes));
    }
    if (bytes.length == 1) {
      return ROOT;
    }
    int start = 1;
    for (int i = 1; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        checkName(bytes, start, i);
        start = i + 1;
      }
    }
    return new FilePath(bytes.clone());
  }

  /** The path written as {@code text}, in UTF-8. */
  public static FilePath of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The path of an operator's text: doubled, trailing and {@code .} parts are dropped.
   *
   * @throws IllegalArgumentException if it is relative or has a {@code ..} component
   */
  public static FilePath normalized(byte[] bytes) {
    if (bytes.length == 0 || bytes[0] != '/') {
      throw new IllegalArgumentException("not an absolute path: " + Printable.of(bytes));
    }
    ByteArrayOutputStream plain = new ByteArrayOutputStream(bytes.length);
    int start = 1;
    for (int i = 1; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        boolean skip = i == start || (i == start + 1 && bytes[start] == '.');
        if (!skip) {
          plain.write('/');
          plain.write(bytes, start, i - start);
        }
        start = i + 1;
      }
    }
    return plain.size() == 0 ? ROOT : of(plain.toByteArray());
  }

  private static void checkName(byte[] bytes, int start, int end) {
    int length = end - start;
    boolean dots =
        (length == 1 && bytes[start] == '.')
            || (length == 2 && bytes[start] == '.' && bytes[start + 1] == '.');
    boolean nul = false;
    for (int i = start; i < end; i++) {
      nul |= bytes[i] == 0;
    }
    if (length == 0 || dots || nul) {
      throw new IllegalArgumentException("not a plain path: " + Printable.of(bytes));
    }
  }

  /** The bytes; the caller's own copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** How many bytes the path has. */
  public int length() {
    return bytes.length;
  }

  public boolean isRoot() {
    return bytes.length == 1;
  }

  /** The last component. Not for the root. */
  public byte[] name() {
    int slash = lastSlash();
    return Arrays.copyOfRange(bytes, slash + 1, bytes.length);
  }

  /** The directory that holds this path, or null for the root. */
  public @Nullable FilePath parent() {
    if (isRoot()) {
      return null;
    }
    int slash = lastSlash();
    return slash == 0 ? ROOT : new FilePath(Arrays.copyOf(bytes, slash));
  }

  /**
   * The directory that holds this path.
   *
   * @throws IllegalArgumentException for the root, which nothing holds
   */
  public FilePath above() {
    FilePath parent = parent();
    if (parent == null) {
      throw new IllegalArgumentException("nothing is above /");
    }
    return parent;
  }

  private int lastSlash() {
    int i = bytes.length - 1;
    while (bytes[i] != '/') {
      i--;
    }
    return i;
  }

  /**
   * The path of {@code name} in this directory.
   *
   * @throws IllegalArgumentException if the name is empty, a dot name, or has a slash or NUL
   */
  public FilePath child(byte[] name) {
    checkName(name, 0, name.length);
    for (byte b : name) {
      if (b == '/') {
        throw new IllegalArgumentException("a name with a slash: " + Printable.of(name));
      }
    }
    int prefix = isRoot() ? 0 : bytes.length;
    byte[] joined = Arrays.copyOf(bytes, prefix + 1 + name.length);
    joined[prefix] = '/';
    System.arraycopy(name, 0, joined, prefix + 1, name.length);
    return new FilePath(joined);
  }

  /** Whether {@code other} is this path or lies below it. */
  public boolean contains(FilePath other) {
    if (isRoot()) {
      return true;
    }
    return other.bytes.length >= bytes.length
        && Arrays.equals(bytes, 0, bytes.length, other.bytes, 0, bytes.length)
        && (other.bytes.length == bytes.length || other.bytes[bytes.length] == '/');
  }

  /** The components from the root down. */
  public List<byte[]> names() {
    List<byte[]> names = new ArrayList<>();
    int start = 1;
    for (int i = 1; i <= bytes.length && !isRoot(); i++) {
      if (i == bytes.length || bytes[i] == '/') {
        names.add(Arrays.copyOfRange(bytes, start, i));
        start = i + 1;
      }
    }
    return names;
  }

  /** By bytes, unsigned: the order in which the catalogue sorts paths. */
  @Override
  public int compareTo(FilePath other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FilePath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** The path as {@link Printable} text, for people. */
  @Override
  public String toString() {
    return Printable.of(bytes);
  }
}
