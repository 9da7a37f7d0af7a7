package org.deferredsync.plugin.dump;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What stands before the first database in the script of pg_dumpall: roles and tablespaces, the
 * latter moved from the paths of the dumped server to others.
 *
 * @param script what stands for it
 * @param length how many bytes it is in the dump
 * @param tablespaces how many were moved
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record PgGlobals(byte[] script, long length, int tablespaces) {
  private static final String TABLESPACE = "CREATE TABLESPACE ";
  private static final String END = "\\connect ";
  private static final int LARGEST = 64 << 20;

  /** As pg_dumpall writes it, on one line (src/bin/pg_dump/pg_dumpall.c, dumpTablespaces). */
  private static final Pattern WHOLE =
      Pattern.compile("(" + TABLESPACE + ".* LOCATION )E?'(?:[^']|'')*';");

  /** Whether a line makes a tablespace, in a way that cannot be moved. */
  static boolean isFixed(String line) {
    return line.startsWith(TABLESPACE) && !WHOLE.matcher(line).matches();
  }

  /**
   * Reads it.
   *
   * @param places the path for the first, the second and so on, in which nothing needs to be quoted
   */
  static PgGlobals read(InputStream dump, IntFunction<String> places) throws IOException {
    PgQuotes quotes = new PgQuotes();
    ByteArrayOutputStream script = new ByteArrayOutputStream();
    long length = 0;
    int moved = 0;
    while (true) {
      byte[] bytes = line(dump);
      String line = new String(bytes, StandardCharsets.ISO_8859_1);
      if (quotes.isOutside() && line.startsWith(END)) {
        return new PgGlobals(script.toByteArray(), length, moved);
      }
      Matcher whole = WHOLE.matcher(line.stripTrailing());
      if (quotes.isOutside() && whole.matches()) {
        String text = whole.group(1) + "'" + places.apply(moved++) + "';\n";
        script.write(text.getBytes(StandardCharsets.ISO_8859_1));
      } else {
        script.write(bytes);
      }
      if (!quotes.isOutside() || bytes[0] != '\\') {
        quotes.read(bytes);
      }
      length += bytes.length;
      if (length > LARGEST) {
        throw new IOException("it has no database in its first " + LARGEST + " bytes");
      }
    }
  }

  private static byte[] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b;
    do {
      b = in.read();
      if (b < 0) {
        throw new EOFException("it has no database");
      }
      line.write(b);
    } while (b != '\n');
    return line.toByteArray();
  }
}
