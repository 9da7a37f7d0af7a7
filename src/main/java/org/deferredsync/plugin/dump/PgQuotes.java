package org.deferredsync.plugin.dump;

import java.util.Arrays;

/**
 * Where a script of PostgreSQL stands, line by line: outside of quotes, or in a string, a quoted
 * name, a dollar-quoted body or a comment (PostgreSQL manual, 4.1). As psql reads what pg_dump
 * writes: standard-conforming strings.
 */
final class PgQuotes {
  private enum Inside {
    NOTHING,
    STRING,
    ESCAPED_STRING,
    NAME,
    BODY,
    COMMENT
  }

  private Inside inside = Inside.NOTHING;
  private byte[] tag = {};
  private int nested;

  /** Whether the next line begins outside of all of them. */
  boolean isOutside() {
    return inside == Inside.NOTHING;
  }

  /** Reads a line with its end. */
  void read(byte[] line) {
    int i = 0;
    while (i < line.length) {
      i =
          switch (inside) {
            case NOTHING -> outside(line, i);
            case STRING -> until(line, i, (byte) '\'');
            case ESCAPED_STRING -> escaped(line, i);
            case NAME -> until(line, i, (byte) '"');
            case BODY -> body(line, i);
            case COMMENT -> comment(line, i);
          };
    }
  }

  private int outside(byte[] line, int at) {
    byte b = line[at];
    if (b == '\'') {
      boolean marked =
          at > 0
              && (line[at - 1] == 'E' || line[at - 1] == 'e')
              && (at < 2 || !isPartOfName(line[at - 2]));
      inside = marked ? Inside.ESCAPED_STRING : Inside.STRING;
    } else if (b == '"') {
      inside = Inside.NAME;
    } else if (b == '-' && is(line, at + 1, '-')) {
      return line.length;
    } else if (b == '/' && is(line, at + 1, '*')) {
      inside = Inside.COMMENT;
      nested = 1;
      return at + 2;
    } else if (b == '$' && (at == 0 || !isPartOfName(line[at - 1]))) {
      return dollar(line, at);
    }
    return at + 1;
  }

  private int dollar(byte[] line, int at) {
    int end = at + 1;
    while (end < line.length && isPartOfName(line[end]) && line[end] != '$') {
      end++;
    }
    boolean digit = at + 1 < line.length && line[at + 1] >= '0' && line[at + 1] <= '9';
    if (!is(line, end, '$') || digit) {
      return at + 1;
    }
    tag = Arrays.copyOfRange(line, at, end + 1);
    inside = Inside.BODY;
    return end + 1;
  }

  /** A doubled quote ends it and begins it again at once, which comes to the same. */
  private int until(byte[] line, int from, byte quote) {
    for (int i = from; i < line.length; i++) {
      if (line[i] == quote) {
        // Doubled, a string goes on as what it was.
        if (is(line, i + 1, (char) quote)) {
          i++;
        } else {
          inside = Inside.NOTHING;
          return i + 1;
        }
      }
    }
    return line.length;
  }

  private int escaped(byte[] line, int from) {
    for (int i = from; i < line.length; i++) {
      if (line[i] == '\\') {
        i++;
      } else if (line[i] == '\'') {
        if (is(line, i + 1, '\'')) {
          i++;
        } else {
          inside = Inside.NOTHING;
          return i + 1;
        }
      }
    }
    return line.length;
  }

  private int body(byte[] line, int from) {
    for (int i = from; i + tag.length <= line.length; i++) {
      if (Arrays.equals(line, i, i + tag.length, tag, 0, tag.length)) {
        inside = Inside.NOTHING;
        return i + tag.length;
      }
    }
    return line.length;
  }

  private int comment(byte[] line, int at) {
    if (line[at] == '/' && is(line, at + 1, '*')) {
      nested++;
      return at + 2;
    } else if (line[at] == '*' && is(line, at + 1, '/')) {
      if (--nested == 0) {
        inside = Inside.NOTHING;
      }
      return at + 2;
    }
    return at + 1;
  }

  private static boolean is(byte[] line, int at, char wanted) {
    return at < line.length && line[at] == wanted;
  }

  private static boolean isPartOfName(byte b) {
    return b < 0
        || (b >= 'a' && b <= 'z')
        || (b >= 'A' && b <= 'Z')
        || (b >= '0' && b <= '9')
        || b == '_'
        || b == '$';
  }
}
