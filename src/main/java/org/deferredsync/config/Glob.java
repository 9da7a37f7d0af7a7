package org.deferredsync.config;

import java.util.Arrays;
import java.util.Optional;

/**
 * A wildcard pattern over paths, in the language of the exclude rules: {@code *} and {@code ?} stop
 * at a slash, {@code **} does not, {@code [a-z]} is a class. Without a slash it is about the last
 * name of a path, with one about the whole path, or, if it does not begin with one, about any end
 * of it that begins after a slash. A slash at its end means that only directories are meant.
 */
public final class Glob {
  private static final byte[] WILD = {'*', '?', '[', '\\'};

  private final byte[] pattern;
  private final boolean ofPath;
  private final boolean directoriesOnly;
  private final Wildmatch wild;

  private Glob(byte[] pattern, boolean directoriesOnly, Wildmatch wild) {
    this.pattern = pattern;
    this.ofPath = indexOf(pattern, (byte) '/') >= 0;
    this.directoriesOnly = directoriesOnly;
    this.wild = wild;
  }

  /** The pattern of these bytes; empty if it is empty, or a class or escape in it has no end. */
  public static Optional<Glob> of(byte[] bytes) {
    int length = bytes.length;
    while (length > 0 && bytes[length - 1] == '/') {
      length--;
    }
    if (length == 0) {
      return Optional.empty();
    }
    byte[] pattern = Arrays.copyOf(bytes, length);
    boolean anywhere = pattern[0] != '/' && indexOf(pattern, (byte) '/') >= 0;
    return (anywhere ? WildmatchCompiler.afterAnySlash(pattern) : WildmatchCompiler.whole(pattern))
        .map(wild -> new Glob(pattern, length(bytes) > pattern.length, wild));
  }

  private static int length(byte[] bytes) {
    return bytes.length;
  }

  private static int indexOf(byte[] bytes, byte wanted) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  /** Whether it is about whole paths, and not only about last names. */
  public boolean isOfPath() {
    return ofPath;
  }

  /** Whether only directories are meant. */
  public boolean isOfDirectories() {
    return directoriesOnly;
  }

  /**
   * The directory, without a slash at its end, at or below which everything lies that can match;
   * empty for the root.
   */
  public byte[] top() {
    if (pattern[0] != '/') {
      return new byte[0];
    }
    int slash = 0;
    for (int i = 0; i < pattern.length && indexOf(WILD, pattern[i]) < 0; i++) {
      slash = pattern[i] == '/' ? i : slash;
    }
    return Arrays.copyOf(pattern, slash);
  }

  /** Whether it matches a name, or, if {@link #isOfPath}, a path. */
  public boolean matches(byte[] text) {
    return wild.matches(text, 0, text.length, false, false);
  }
}
