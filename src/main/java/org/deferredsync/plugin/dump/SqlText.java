package org.deferredsync.plugin.dump;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What mysqldump and mariadb-dump print: counts the rows of INSERT statements between the
 * statements that make tables, and knows the last line. Bodies of routines and triggers, which may
 * look like anything, stand between DELIMITER lines and are passed over.
 */
final class SqlText implements Contents {
  private static final String TRAILER = "-- Dump completed";
  private static final String TABLE = "CREATE TABLE `";
  private static final String ROWS = "INSERT INTO `";
  private static final String DELIMITER = "DELIMITER ";
  private static final int LONGEST = 600;

  private enum Place {
    /** At the beginning of a line, of which {@link #line} has what was read so far. */
    LINE,
    REST_OF_LINE,
    /** In the name of the table of an INSERT. */
    NAME,
    /** In an INSERT, before its rows. */
    HEAD,
    ROWS
  }

  private final MessageDigest digest = Digests.sha256();
  private final SortedMap<String, Long> tables = new TreeMap<>();
  private final byte[] line = new byte[LONGEST];
  private Place place = Place.LINE;
  private int length;
  private boolean inBody;
  private boolean complete;
  private byte quote;
  private boolean escaped;
  private int depth;
  private long rows;
  private String table = "";

  @Override
  public void take(byte[] bytes, int count) {
    digest.update(bytes, 0, count);
    int i = 0;
    while (i < count) {
      i =
          switch (place) {
            case LINE -> line(bytes, i, count);
            case REST_OF_LINE -> restOfLine(bytes, i, count);
            case NAME -> name(bytes, i, count);
            case HEAD -> head(bytes, i);
            case ROWS -> rows(bytes, i, count);
          };
    }
  }

  private int line(byte[] bytes, int from, int count) {
    int i = from;
    while (i < count && place == Place.LINE) {
      byte b = bytes[i++];
      if (b == '\n') {
        endLine();
      } else if (length < LONGEST) {
        line[length++] = b;
        if (length == ROWS.length() && !inBody && begins(ROWS)) {
          length = 0;
          place = Place.NAME;
        }
      } else {
        endLine();
        place = Place.REST_OF_LINE;
      }
    }
    return i;
  }

  private boolean begins(String text) {
    if (length < text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (line[i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void endLine() {
    if (begins(DELIMITER)) {
      inBody = !(length == DELIMITER.length() + 1 && line[length - 1] == ';');
    } else if (!inBody && begins(TABLE)) {
      tables.putIfAbsent(name(TABLE.length()), 0L);
    }
    if (length > 0) {
      complete = begins(TRAILER);
    }
    length = 0;
  }

  /** A quote in a name is written twice. */
  private int name(byte[] bytes, int from, int count) {
    for (int i = from; i < count; i++) {
      byte b = bytes[i];
      if (b == '`' && !escaped) {
        escaped = true;
      } else if (b != '`' && escaped) {
        beginRows();
        return i;
      } else {
        escaped = false;
        line[Math.min(length++, LONGEST - 1)] = b;
      }
    }
    return count;
  }

  private void beginRows() {
    table = new String(line, 0, Math.min(length, LONGEST), StandardCharsets.UTF_8);
    length = 0;
    escaped = false;
    depth = 0;
    rows = 0;
    complete = false;
    place = Place.HEAD;
  }

  /** The quoted name that begins there. */
  private String name(int from) {
    int end = from;
    while (end < length) {
      if (line[end] == '`') {
        if (end + 1 >= length || line[end + 1] != '`') {
          break;
        }
        end++;
      }
      end++;
    }
    String name = new String(line, from, Math.min(end, length) - from, StandardCharsets.UTF_8);
    return name.replace("``", "`");
  }

  private int restOfLine(byte[] bytes, int from, int count) {
    for (int i = from; i < count; i++) {
      if (bytes[i] == '\n') {
        place = Place.LINE;
        return i + 1;
      }
    }
    return count;
  }

  /** Up to the word VALUES: perhaps the names of columns, in brackets and quotes. */
  private int head(byte[] bytes, int from) {
    byte b = bytes[from];
    if (quote != 0) {
      quote = b == quote ? 0 : quote;
    } else if (b == '`') {
      quote = b;
    } else if (b == '(') {
      depth++;
    } else if (b == ')') {
      depth--;
    } else if (b == 'V' && depth == 0) {
      place = Place.ROWS;
    }
    return from + 1;
  }

  private int rows(byte[] bytes, int from, int count) {
    int i = from;
    while (i < count) {
      if (quote != 0) {
        i = string(bytes, i, count);
        continue;
      }
      byte b = bytes[i++];
      if (b == '\'' || b == '"') {
        quote = b;
      } else if (b == '(') {
        rows += depth++ == 0 ? 1 : 0;
      } else if (b == ')') {
        depth--;
      } else if (b == ';' && depth == 0) {
        tables.merge(table, rows, Long::sum);
        place = Place.REST_OF_LINE;
        return i;
      }
    }
    return i;
  }

  /** Most of a dump is strings: this loop is what takes the time. */
  private int string(byte[] bytes, int from, int count) {
    byte end = quote;
    int i = from;
    if (escaped) {
      escaped = false;
      i++;
    }
    while (i < count) {
      byte b = bytes[i++];
      if (b == end) {
        quote = 0;
        return i;
      } else if (b == '\\') {
        escaped = i == count;
        i++;
      }
    }
    return Math.min(i, count);
  }

  @Override
  public String fault() {
    if (place == Place.LINE && length > 0) {
      endLine();
    }
    return complete ? "" : "its last line, \"" + TRAILER + "\", is missing";
  }

  @Override
  public Map<String, Long> tables() {
    return Collections.unmodifiableMap(tables);
  }

  @Override
  public String hash() {
    return Digests.text(digest);
  }
}
