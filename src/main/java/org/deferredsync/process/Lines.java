package org.deferredsync.process;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Quantity;

/**
 * Cuts a stream of bytes into printable lines, in memory of a fixed size: what a line has beyond
 * {@value #LONGEST} bytes is dropped and counted. LF, CRLF and a lone CR (a progress display) end a
 * line.
 */
public final class Lines {
  static final int LONGEST = 64 * 1024;

  private final Consumer<String> lines;
  private final byte[] line = new byte[LONGEST];
  private int length;
  private long dropped;
  private boolean afterReturn;

  private Lines(Consumer<String> lines) {
    this.lines = lines;
  }

  /**
   * Hands over every line to the end of the stream, which stays open.
   *
   * @throws IOException if it cannot be read
   */
  public static void read(InputStream in, Consumer<String> lines) throws IOException {
    new Lines(lines).drain(in);
  }

  private void drain(InputStream in) throws IOException {
    byte[] buffer = new byte[32 * 1024];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      int start = 0;
      for (int i = 0; i < count; i++) {
        byte b = buffer[i];
        if (b == '\n' || b == '\r') {
          take(buffer, start, i - start);
          boolean secondOfPair = b == '\n' && afterReturn;
          if (!secondOfPair) {
            flush();
          }
          afterReturn = b == '\r';
          start = i + 1;
        }
      }
      take(buffer, start, count - start);
    }
    if (length > 0) {
      flush();
    }
  }

  /** Takes a part of a line. */
  private void take(byte[] bytes, int from, int count) {
    if (count > 0) {
      int kept = Math.min(count, LONGEST - length);
      System.arraycopy(bytes, from, line, length, kept);
      length += kept;
      dropped += count - kept;
      afterReturn = false;
    }
  }

  private void flush() {
    String text = Printable.of(line, 0, length);
    lines.accept(dropped == 0 ? text : text + " [" + Quantity.of(dropped, "more byte") + " cut]");
    length = 0;
    dropped = 0;
  }
}
