package org.deferredsync.plugin.dump;

/** The questions by which the tables of a SQLite database are counted. */
final class SqliteTables {
  /** Those that have rows of their own: no views, no virtual tables, none of SQLite itself. */
  static final String LIST =
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
          + " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

  private SqliteTables() {}

  static String count(String table) {
    return "SELECT count(*) FROM \"" + table.replace("\"", "\"\"") + "\"";
  }
}
