package org.deferredsync.plugin.dump;

/** Names as PostgreSQL's programs write them. */
final class PgNames {
  private PgNames() {}

  /**
   * The name that a text begins with, without quotes: that of {@code public."a (b" (i) FROM stdin;}
   * is {@code public.a (b}.
   */
  static String qualified(String text) {
    StringBuilder name = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' && quoted && i + 1 < text.length() && text.charAt(i + 1) == '"') {
        name.append(c);
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ' ' && !quoted) {
        break;
      } else {
        name.append(c);
      }
    }
    return name.toString();
  }

  /**
   * The database that a \connect names: {@code app}, {@code "App"}, or {@code -reuse-previous=on
   * "dbname='odd name'"}.
   */
  static String connected(String argument) {
    String last = argument.substring(argument.indexOf(' ') + 1);
    boolean options = argument.startsWith("-reuse-previous=on ");
    String text = unquoted(options ? last : argument);
    return options ? value(text) : text;
  }

  private static String unquoted(String text) {
    return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
        ? text.substring(1, text.length() - 1).replace("\"\"", "\"")
        : text;
  }

  private static String value(String text) {
    String prefix = "dbname=";
    String value = text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    if (value.length() > 1 && value.startsWith("'") && value.endsWith("'")) {
      return value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1");
    }
    return value;
  }

  /** One parameter of a connection string (PostgreSQL manual, 34.1.1.1). */
  static String parameter(String key, String value) {
    return key + "='" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
