package org.deferredsync.cli;

import java.util.List;

/** Some of the snapshots in few words: {@code 3-7,9} names every one from 3 to 7, and 9. */
final class SnapshotRanges {
  private SnapshotRanges() {}

  /**
   * @param ids those of all snapshots, oldest first
   * @param some places in that list, rising
   */
  static String text(List<Long> ids, List<Integer> some) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < some.size(); ) {
      int end = i;
      while (end + 1 < some.size() && some.get(end + 1) == some.get(end) + 1) {
        end++;
      }
      text.append(text.isEmpty() ? "" : ",").append(ids.get(some.get(i)));
      if (end > i) {
        text.append('-').append(ids.get(some.get(end)));
      }
      i = end + 1;
    }
    return text.toString();
  }

  /** Those from the first to the last, of a list without gaps. */
  static String text(List<Long> ids) {
    long first = ids.get(0);
    long last = ids.get(ids.size() - 1);
    return first == last ? Long.toString(first) : first + "-" + last;
  }
}
