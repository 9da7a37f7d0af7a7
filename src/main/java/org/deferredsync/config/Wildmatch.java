package org.deferredsync.config;

/**
 * One compiled wildcard pattern of rsync's language; it is matched against whole texts, byte by
 * byte, in time that stays polynomial for every pattern.
 */
final class Wildmatch {
  /** {@code ?}: any byte but a slash. */
  static final int ANY = 256;

  /** {@code *}: any number of bytes but slashes. */
  static final int STAR = 257;

  /** {@code **}: any number of bytes. */
  static final int DEEP = 258;

  /** The first class; the n-th has this token plus n. */
  static final int CLASS = 259;

  private final int[] tokens;
  private final boolean[][] classes;
  private final int afterLastStar;
  private final int leastLength;

  /** Tokens: a byte as 0 to 255, or one of the constants above. */
  Wildmatch(int[] tokens, boolean[][] classes) {
    this.tokens = tokens;
    this.classes = classes;
    int after = 0;
    int stars = 0;
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] == STAR || tokens[i] == DEEP) {
        after = i + 1;
        stars++;
      }
    }
    this.afterLastStar = after;
    this.leastLength = tokens.length - stars;
  }

  /** What is matched: some bytes, with a slash imagined before or after them if so asked. */
  boolean matches(byte[] text, int from, int to, boolean slashBefore, boolean slashAfter) {
    int start = slashBefore ? from - 1 : from;
    int end = slashAfter ? to + 1 : to;
    if (end - start < leastLength || !endMatches(text, from, to, end)) {
      return false;
    }
    int position = start;
    int token = 0;
    // Only the latest star of each kind is ever tried again: what an earlier one could still take,
    // the later one takes as well, and no star reaches beyond a slash that stopped a later one.
    int afterStar = -1;
    int starEnd = 0;
    int afterDeep = -1;
    int deepEnd = 0;
    while (true) {
      if (token < tokens.length) {
        int wanted = tokens[token];
        if (wanted == STAR) {
          afterStar = ++token;
          starEnd = position;
          continue;
        }
        if (wanted == DEEP) {
          if (++token == tokens.length) {
            return true;
          }
          afterStar = -1;
          afterDeep = token;
          deepEnd = position;
          continue;
        }
        if (position == end) {
          return false;
        }
        if (accepts(wanted, at(text, position, from, to))) {
          token++;
          position++;
          continue;
        }
      } else if (position == end) {
        return true;
      }
      if (afterStar >= 0 && at(text, starEnd, from, to) != '/') {
        token = afterStar;
        position = ++starEnd;
      } else if (afterDeep >= 0) {
        afterStar = -1;
        token = afterDeep;
        deepEnd = firstFrom(text, deepEnd + 1, from, to, end, tokens[afterDeep]);
        position = deepEnd;
      } else {
        return false;
      }
    }
  }

  /** What follows the last star has one place, the end; most texts are refused right there. */
  private boolean endMatches(byte[] text, int from, int to, int end) {
    for (int i = tokens.length - 1, j = end - 1; i >= afterLastStar; i--, j--) {
      if (!accepts(tokens[i], at(text, j, from, to))) {
        return false;
      }
    }
    return true;
  }

  /** The first position from {@code position} on where this token can be, or the end. */
  private int firstFrom(byte[] text, int position, int from, int to, int end, int token) {
    int first = position;
    while (first < end && token < ANY && at(text, first, from, to) != token) {
      first++;
    }
    return first;
  }

  private static int at(byte[] text, int position, int from, int to) {
    return position < from || position >= to ? '/' : text[position] & 0xff;
  }

  private boolean accepts(int wanted, int actual) {
    if (wanted < ANY) {
      return wanted == actual;
    }
    return wanted == ANY ? actual != '/' : classes[wanted - CLASS][actual];
  }
}
