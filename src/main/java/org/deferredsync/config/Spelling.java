package org.deferredsync.config;

import java.util.Collection;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What was probably meant by a word that is not known. */
final class Spelling {
  private Spelling() {}

  /**
   * The known name that is most like {@code word}, the first of several.
   *
   * @param part of a known name, that the word is compared with
   * @param most how many letters may differ
   */
  static Optional<String> nearest(
      String word, Collection<String> known, UnaryOperator<String> part, int most) {
    Optional<String> nearest = Optional.empty();
    int least = most + 1;
    for (String name : known) {
      int distance = distance(word, part.apply(name));
      if (distance < least) {
        least = distance;
        nearest = Optional.of(name);
      }
    }
    return nearest;
  }

  /** Insertions, deletions, replacements and swaps of neighbours that make one into the other. */
  private static int distance(String one, String other) {
    int[][] cost = new int[one.length() + 1][other.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= other.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        int best = Math.min(cost[i - 1][j], cost[i][j - 1]) + 1;
        best = Math.min(best, cost[i - 1][j - 1] + (same ? 0 : 1));
        boolean swapped =
            i > 1
                && j > 1
                && one.charAt(i - 1) == other.charAt(j - 2)
                && one.charAt(i - 2) == other.charAt(j - 1);
        cost[i][j] = swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
      }
    }
    return cost[one.length()][other.length()];
  }
}
