package org.deferredsync.plugin.dump;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The script that pg_dumpall and pg_restore print: counts the lines of COPY, a table with its
 * database, and knows the last line. Reads SQL as psql does, so that no text in a quote, a body or
 * a comment is taken for a statement. The keys of \restrict, which are others in each dump, do not
 * go into the hash (CVE-2025-8714; psql(1)).
 */
final class PgText implements Contents {
  static final String OF_CLUSTER = "-- PostgreSQL database cluster dump complete";
  static final String OF_DATABASE = "-- PostgreSQL database dump complete";

  private static final String COPY = "COPY ";
  private static final String FROM = " FROM stdin;";
  private static final String CONNECT = "\\connect ";
  private static final int LONGEST = 4 << 20;
  private static final byte[] DATA_END = {'\\', '.'};

  private final String trailer;
  private final MessageDigest digest = Digests.sha256();
  private final SortedMap<String, Long> tables = new TreeMap<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final PgQuotes quotes = new PgQuotes();
  private boolean copying;
  private boolean complete;
  private boolean fixed;
  private boolean longLine;
  private int lineLength;
  private byte first;
  private byte second;
  private String database = "";
  private String table = "";
  private long rows;

  /**
   * @param trailer the comment that ends a whole script
   */
  PgText(String trailer) {
    this.trailer = trailer;
  }

  @Override
  public void take(byte[] bytes, int count) {
    int i = 0;
    while (i < count) {
      i = copying ? data(bytes, i, count) : sql(bytes, i, count);
    }
  }

  private int data(byte[] bytes, int from, int count) {
    int i = from;
    while (i < count) {
      byte b = bytes[i++];
      if (b != '\n') {
        if (lineLength < 2) {
          first = lineLength == 0 ? b : first;
          second = lineLength == 1 ? b : second;
        }
        lineLength++;
      } else if (lineLength == 2 && first == DATA_END[0] && second == DATA_END[1]) {
        tables.merge(table, rows, Long::sum);
        copying = false;
        lineLength = 0;
        break;
      } else {
        rows++;
        lineLength = 0;
      }
    }
    digest.update(bytes, from, i - from);
    return i;
  }

  private int sql(byte[] bytes, int from, int count) {
    int i = from;
    while (i < count && !copying) {
      byte b = bytes[i++];
      line.write(b);
      if (b == '\n') {
        endLine();
      } else if (line.size() == LONGEST) {
        part();
      }
    }
    return i;
  }

  /** A line so long holds no statement that matters here. */
  private void part() {
    byte[] bytes = line.toByteArray();
    line.reset();
    digest.update(bytes);
    quotes.read(bytes);
    longLine = true;
  }

  /** A line that began outside of all quotes is a statement, or a part of one, or for psql. */
  private void endLine() {
    byte[] bytes = line.toByteArray();
    line.reset();
    boolean outside = quotes.isOutside() && !longLine;
    longLine = false;
    boolean command = outside && bytes[0] == '\\';
    if (command) {
      command(new String(bytes, StandardCharsets.UTF_8));
      return;
    }
    digest.update(bytes);
    quotes.read(bytes);
    if (!outside) {
      return;
    }
    String text = new String(bytes, StandardCharsets.UTF_8).stripTrailing();
    if (text.startsWith(COPY) && text.endsWith(FROM) && quotes.isOutside()) {
      table = database + PgNames.qualified(text.substring(COPY.length()));
      rows = 0;
      lineLength = 0;
      copying = true;
    }
    fixed |= PgGlobals.isFixed(text);
    if (!text.isEmpty() && !text.equals("--")) {
      complete = text.equals(trailer);
    }
  }

  private void command(String text) {
    boolean key = text.startsWith("\\restrict ") || text.startsWith("\\unrestrict ");
    String hashed = key ? text.substring(0, text.indexOf(' ')) : text;
    digest.update(hashed.getBytes(StandardCharsets.UTF_8));
    if (!key) {
      complete = false;
    }
    if (text.startsWith(CONNECT)) {
      database = PgNames.connected(text.substring(CONNECT.length()).strip()) + ".";
    }
  }

  /** Whether it makes tablespaces that can lie at the paths of the dumped server alone. */
  boolean hasFixedTablespaces() {
    return fixed;
  }

  @Override
  public String fault() {
    if (line.size() > 0) {
      endLine();
    }
    return complete && !copying ? "" : "its last line, \"" + trailer + "\", is missing";
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
