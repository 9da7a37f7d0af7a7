package org.deferredsync.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bytes of one pattern into a {@link Wildmatch}; a pattern whose last class or escape has
 * no end matches nothing at all, as with rsync, and compiles to nothing.
 */
final class WildmatchCompiler {
  private static final int NONE = -1;

  private final byte[] pattern;
  private int next;
  private final int[] tokens;
  private int count;
  private final List<boolean[]> classes = new ArrayList<>();

  private WildmatchCompiler(byte[] pattern) {
    this.pattern = pattern;
    this.tokens = new int[pattern.length + 2];
  }

  /** The pattern, matched against a text from its beginning. */
  static Optional<Wildmatch> whole(byte[] pattern) {
    return new WildmatchCompiler(pattern).compile();
  }

  /** The pattern, matched against what follows any slash of a text. */
  static Optional<Wildmatch> afterAnySlash(byte[] pattern) {
    WildmatchCompiler compiler = new WildmatchCompiler(pattern);
    compiler.add(Wildmatch.DEEP);
    compiler.add('/');
    return compiler.compile();
  }

  private Optional<Wildmatch> compile() {
    while (next < pattern.length) {
      int c = take();
      if (c == '?') {
        add(Wildmatch.ANY);
      } else if (c == '*') {
        stars();
      } else if (c == '[') {
        boolean[] accepted = bracket();
        if (accepted == null) {
          return Optional.empty();
        }
        add(Wildmatch.CLASS + classes.size());
        classes.add(accepted);
      } else if (c != '\\') {
        add(c);
      } else if (next < pattern.length) {
        add(take());
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(
        new Wildmatch(Arrays.copyOf(tokens, count), classes.toArray(new boolean[0][])));
  }

  private void add(int token) {
    tokens[count++] = token;
  }

  private int take() {
    return pattern[next++] & 0xff;
  }

  private int peek() {
    return next < pattern.length ? pattern[next] & 0xff : NONE;
  }

  private void stars() {
    boolean deep = false;
    while (peek() == '*') {
      next++;
      deep = true;
    }
    add(deep ? Wildmatch.DEEP : Wildmatch.STAR);
  }

  /** What the class after a {@code [} accepts, or null if it has no end or names no known class. */
  private boolean @Nullable [] bracket() {
    boolean negated = peek() == '!' || peek() == '^';
    if (negated) {
      next++;
    }
    boolean[] accepted = new boolean[256];
    int previous = NONE;
    boolean first = true;
    while (next < pattern.length) {
      int c = take();
      if (c == ']' && !first) {
        return finished(accepted, negated);
      }
      first = false;
      if (c == '-' && previous != NONE && peek() != NONE && peek() != ']') {
        int last = literal(take());
        if (last == NONE) {
          return null;
        }
        for (int member = previous; member <= last; member++) {
          accepted[member] = true;
        }
        previous = NONE;
      } else if (c == '[' && peek() == ':' && nameEnd() != NONE) {
        if (!addNamed(accepted)) {
          return null;
        }
        previous = NONE;
      } else {
        previous = literal(c);
        if (previous == NONE) {
          return null;
        }
        accepted[previous] = true;
      }
    }
    return null;
  }

  private static boolean[] finished(boolean[] accepted, boolean negated) {
    if (negated) {
      for (int member = 0; member < accepted.length; member++) {
        accepted[member] = !accepted[member];
      }
    }
    accepted['/'] = false;
    return accepted;
  }

  /** The byte, or after a backslash the one that it escapes, or NONE if there is none. */
  private int literal(int c) {
    if (c != '\\') {
      return c;
    }
    return next < pattern.length ? take() : NONE;
  }

  /** Where the bracket ends that the named class {@code [:NAME:]} has, or NONE if it is no such. */
  private int nameEnd() {
    int end = next + 1;
    while (end < pattern.length && pattern[end] != ']') {
      end++;
    }
    boolean named = end < pattern.length && end > next + 1 && pattern[end - 1] == ':';
    return named ? end : NONE;
  }

  private boolean addNamed(boolean[] accepted) {
    int end = nameEnd();
    String name = new String(pattern, next + 1, end - next - 2, StandardCharsets.ISO_8859_1);
    IntPredicate members = named(name);
    if (members == null) {
      return false;
    }
    for (int member = 0; member < 128; member++) {
      accepted[member] |= members.test(member);
    }
    next = end + 1;
    return true;
  }

  /** The POSIX classes as the C locale has them, which for bytes is what UTF-8 locales have too. */
  private static @Nullable IntPredicate named(String name) {
    return switch (name) {
      case "alnum" -> c -> isLetter(c) || isDigit(c);
      case "alpha" -> WildmatchCompiler::isLetter;
      case "blank" -> c -> c == ' ' || c == '\t';
      case "cntrl" -> c -> c < ' ' || c == 0x7f;
      case "digit" -> WildmatchCompiler::isDigit;
      case "graph" -> c -> c > ' ' && c < 0x7f;
      case "lower" -> c -> c >= 'a' && c <= 'z';
      case "print" -> c -> c >= ' ' && c < 0x7f;
      case "punct" -> c -> c > ' ' && c < 0x7f && !isLetter(c) && !isDigit(c);
      case "space" -> c -> c == ' ' || (c >= '\t' && c <= '\r');
      case "upper" -> c -> c >= 'A' && c <= 'Z';
      case "xdigit" -> c -> isDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
      default -> null;
    };
  }

  private static boolean isLetter(int c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }
}
