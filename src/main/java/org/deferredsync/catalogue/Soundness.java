package org.deferredsync.catalogue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether a catalogue holds what a catalogue can: whole tables, and names that files can have. */
final class Soundness {
  private static final String NOT_A_NAME =
      "name IN (x'', x'2e', x'2e2e') OR instr(name, x'2f') > 0 OR instr(name, x'00') > 0";

  private static final String NOT_A_PATH =
      "substr(path, 1, 1) <> x'2f' OR instr(path, x'00') > 0 OR (length(path) > 1 AND ("
          + "instr(path || x'2f', x'2f2f') > 0 OR instr(path || x'2f', x'2f2e2f') > 0"
          + " OR instr(path || x'2f', x'2f2e2e2f') > 0))";

  private Soundness() {}

  static List<String> damage(Database database) throws CatalogueException {
    List<String> lines = database.list("PRAGMA integrity_check", row -> row.getString(1));
    if (!lines.equals(List.of("ok"))) {
      return lines;
    }
    List<String> names = new ArrayList<>();
    for (String table : List.of("entry", "entry_history")) {
      count(database, "SELECT count(*) FROM " + table + " WHERE " + NOT_A_NAME)
          .ifPresent(n -> names.add("table " + table + ": names that no file can have: " + n));
    }
    for (String table : List.of("directory", "place")) {
      count(database, "SELECT count(*) FROM " + table + " WHERE " + NOT_A_PATH)
          .ifPresent(n -> names.add("table " + table + ": paths that no file can have: " + n));
    }
    return names;
  }

  private static Optional<Long> count(Database database, String sql) throws CatalogueException {
    return database.one(sql, row -> row.getLong(1)).filter(number -> number > 0);
  }
}
