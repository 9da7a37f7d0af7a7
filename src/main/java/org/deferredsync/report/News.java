package org.deferredsync.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is other than after the run before. Numbers in warnings do not count: they are other each
 * time.
 *
 * @param known whether a run before is known
 * @param fresh what was not so then
 * @param gone what was so then and is not any more
 */
record News(boolean known, List<String> fresh, List<String> gone) {
  News {
    fresh = List.copyOf(fresh);
    gone = List.copyOf(gone);
  }

  /** Whether a run that is like the one before would say the same. */
  boolean isNone() {
    return known && fresh.isEmpty() && gone.isEmpty();
  }

  static News between(Optional<List<String>> before, List<String> now) {
    return before
        .map(lines -> new News(true, missing(now, lines), missing(lines, now)))
        .orElseGet(() -> new News(false, List.of(), List.of()));
  }

  private static List<String> missing(List<String> lines, List<String> where) {
    Set<String> there = where.stream().map(News::withoutNumbers).collect(Collectors.toSet());
    return lines.stream().filter(line -> !there.contains(withoutNumbers(line))).distinct().toList();
  }

  /** The status of a plugin is no number of that kind. */
  private static String withoutNumbers(String line) {
    return line.startsWith("[") ? line.replaceAll("[0-9]+", "0") : line;
  }

  /** The lines that a run is remembered by. */
  static List<String> lines(RunReport report) {
    List<String> lines = new ArrayList<>();
    for (RunReport.Part part : report.parts()) {
      lines.add(part.name() + ": status " + part.status());
    }
    lines.addAll(report.troubles());
    return lines;
  }
}
