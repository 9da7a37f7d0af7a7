package org.deferredsync.plugin.dump;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Quantity;

/**
 * What is in a dump, in words and compared.
 *
 * @param kind what stands for tables and rows here
 */
record Tables(Kind kind, Map<String, Long> rows) {
  Tables {
    rows = Map.copyOf(rows);
  }

  /** How many rows there are in all. */
  long sum() {
    return rows.values().stream().mapToLong(Long::longValue).sum();
  }

  /** As people say it: {@code 12 tables, 3400 rows}. */
  String text() {
    if (kind == Kind.SVN) {
      long revisions = rows.getOrDefault(SvnStream.REVISIONS, 0L);
      return Quantity.of(revisions, "revision")
          + ", "
          + Quantity.of(rows.getOrDefault(SvnStream.NODES, 0L), "node");
    }
    boolean documents = kind == Kind.MONGODB;
    return Quantity.of(rows.size(), documents ? "collection" : "table")
        + ", "
        + Quantity.of(sum(), documents ? "document" : "row");
  }

  /** How {@code found} differs, the first table that does; nothing if it does not. */
  Optional<String> difference(Map<String, Long> found) {
    for (Map.Entry<String, Long> expected : new TreeMap<>(rows).entrySet()) {
      String table = Printable.of(expected.getKey());
      Long there = found.get(expected.getKey());
      if (there == null) {
        return Optional.of(table + " is missing");
      } else if (!there.equals(expected.getValue())) {
        return Optional.of(
            table + " has " + there + ", and " + expected.getValue() + " were recorded");
      }
    }
    return Optional.empty();
  }
}
