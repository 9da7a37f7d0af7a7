package org.deferredsync.config;

import java.util.Arrays;
import java.util.Optional;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/**
 * One rule of an exclude file: what it matches it excludes, or includes; which of the two and where
 * a pattern is compared is settled when it is read, as rsync(1), PATTERN MATCHING RULES, says.
 */
public final class ExcludeRule {
  private enum Comparison {
    /** The last component is the literal. */
    NAME,
    /** The last component ends with the literal. */
    NAME_SUFFIX,
    /** The whole path is the literal. */
    PATH,
    /** The last components are the literal. */
    PATH_SUFFIX,
    /** The last component matches. */
    NAME_WILD,
    /** The whole path matches. */
    PATH_WILD,
    /** As many of the last components as the pattern has match. */
    PATH_SUFFIX_WILD,
    /** The whole path, with a slash before it, matches. */
    SLASH_PATH_WILD,
    /** A pattern that cannot match. */
    NEVER
  }

  private final int line;
  private final boolean includes;
  private final byte[] pattern;
  private final boolean directoriesOnly;
  private final Comparison comparison;
  private final byte[] literal;
  private final @Nullable Wildmatch wild;
  private final int components;
  private final boolean slashAfterDirectory;

  /**
   * The rule of a pattern without its prefix.
   *
   * @param line where it stands, from 1
   */
  ExcludeRule(int line, boolean includes, byte[] pattern) {
    this.line = line;
    this.includes = includes;
    this.pattern = pattern.clone();
    this.directoriesOnly = pattern.length > 1 && pattern[pattern.length - 1] == '/';
    boolean anchored = pattern.length > 0 && pattern[0] == '/';
    int end = directoriesOnly ? pattern.length - 1 : pattern.length;
    byte[] body = Arrays.copyOfRange(pattern, anchored ? 1 : 0, Math.max(end, anchored ? 1 : 0));
    this.components = count(body, '/') + 1;
    if (!isWild(body)) {
      this.wild = null;
      this.literal = body;
      this.slashAfterDirectory = false;
      this.comparison =
          anchored ? Comparison.PATH : components == 1 ? Comparison.NAME : Comparison.PATH_SUFFIX;
      return;
    }
    int twoStars = indexOfTwoStars(body, 0);
    this.slashAfterDirectory = body.length >= 3 && endsWithThreeStars(body);
    boolean name = !anchored && components == 1 && twoStars < 0;
    if (name && isStarAndLiteral(body)) {
      this.wild = null;
      this.literal = Arrays.copyOfRange(body, 1, body.length);
      this.comparison = Comparison.NAME_SUFFIX;
      return;
    }
    this.literal = new byte[0];
    boolean everywhere = !anchored && twoStars > 0;
    Optional<Wildmatch> compiled =
        everywhere ? WildmatchCompiler.afterAnySlash(body) : WildmatchCompiler.whole(body);
    this.wild = compiled.orElse(null);
    if (wild == null) {
      this.comparison = Comparison.NEVER;
    } else if (name) {
      this.comparison = Comparison.NAME_WILD;
    } else if (anchored) {
      this.comparison = Comparison.PATH_WILD;
    } else if (twoStars >= 0) {
      this.comparison = Comparison.SLASH_PATH_WILD;
    } else {
      this.comparison = Comparison.PATH_SUFFIX_WILD;
    }
  }

  private static int count(byte[] bytes, char wanted) {
    int count = 0;
    for (byte b : bytes) {
      count += b == wanted ? 1 : 0;
    }
    return count;
  }

  /** Without one of these three a backslash is an ordinary character. */
  private static boolean isWild(byte[] body) {
    return count(body, '*') + count(body, '?') + count(body, '[') > 0;
  }

  private static int indexOfTwoStars(byte[] body, int from) {
    for (int i = from; i + 1 < body.length; i++) {
      if (body[i] == '*' && body[i + 1] == '*') {
        return i;
      }
    }
    return -1;
  }

  private static boolean endsWithThreeStars(byte[] body) {
    int end = body.length;
    return body[end - 1] == '*' && body[end - 2] == '*' && body[end - 3] == '*';
  }

  private static boolean isStarAndLiteral(byte[] body) {
    return body[0] == '*'
        && count(body, '*') == 1
        && count(body, '?') + count(body, '[') + count(body, '\\') == 0;
  }

  /** The line of the file, from 1. */
  public int line() {
    return line;
  }

  /** Whether what it matches stays in the backup; else it is left out. */
  public boolean includes() {
    return includes;
  }

  /** The rule in its full form, {@code + PATTERN} or {@code - PATTERN}, fit to be shown. */
  public String text() {
    return (includes ? "+ " : "- ") + Printable.of(pattern);
  }

  /** The bytes after the prefix; the caller's own copy. */
  byte[] pattern() {
    return pattern.clone();
  }

  /** Whether its class or escape has no end, so that it matches nothing. */
  boolean isNeverMet() {
    return comparison == Comparison.NEVER;
  }

  /**
   * Whether the rule is about this path.
   *
   * @param from where the path begins in {@code bytes}
   * @param name where its last component begins
   * @param to where it ends
   */
  boolean matches(byte[] bytes, int from, int name, int to, boolean directory) {
    if (directoriesOnly && !directory) {
      return false;
    }
    return switch (comparison) {
      case NAME -> to - name == literal.length && endsWithLiteral(bytes, to);
      case NAME_SUFFIX -> to - name >= literal.length && endsWithLiteral(bytes, to);
      case PATH -> to - from == literal.length && endsWithLiteral(bytes, to);
      case PATH_SUFFIX -> {
        int start = to - literal.length;
        yield start >= from
            && (start == from || bytes[start - 1] == '/')
            && endsWithLiteral(bytes, to);
      }
      case NAME_WILD -> matchesWild(bytes, name, to, false, directory);
      case PATH_WILD -> matchesWild(bytes, from, to, false, directory);
      case SLASH_PATH_WILD -> matchesWild(bytes, from, to, true, directory);
      case PATH_SUFFIX_WILD -> {
        int start = lastComponents(bytes, from, to);
        yield start >= from && matchesWild(bytes, start, to, false, directory);
      }
      case NEVER -> false;
    };
  }

  private boolean endsWithLiteral(byte[] bytes, int to) {
    // From the end: names in one directory differ there more often than where they begin.
    for (int i = literal.length - 1, j = to - 1; i >= 0; i--, j--) {
      if (literal[i] != bytes[j]) {
        return false;
      }
    }
    return true;
  }

  private boolean matchesWild(
      byte[] bytes, int from, int to, boolean slashBefore, boolean directory) {
    return wild != null
        && wild.matches(bytes, from, to, slashBefore, slashAfterDirectory && directory);
  }

  /** Where the last {@code components} of the path begin, or -1 if it has fewer. */
  private int lastComponents(byte[] bytes, int from, int to) {
    int missing = components;
    for (int i = to - 1; i >= from; i--) {
      if (bytes[i] == '/' && --missing == 0) {
        return i + 1;
      }
    }
    return missing == 1 ? from : -1;
  }
}
