package org.deferredsync.logging;

import java.io.PrintStream;

/**
 * The last line of a terminal, which is written over again and again and stays below everything
 * else. Safe for use by several threads.
 */
public final class StatusLine {
  private final PrintStream out;
  private String shown = "";

  public StatusLine(PrintStream out) {
    this.out = out;
  }

  /**
   * Shows {@code text} in place of what was shown before; nothing if it is empty.
   *
   * @param text printable, and shorter than the terminal is wide
   */
  public synchronized void show(String text) {
    if (!text.equals(shown)) {
      clear();
      out.print(text);
      out.flush();
      shown = text;
    }
  }

  /** Prints a line above it. */
  synchronized void println(String line) {
    clear();
    out.println(line);
    if (!shown.isEmpty()) {
      out.print(shown);
      out.flush();
    }
  }

  /** Blanks and not an escape sequence: every terminal knows them. */
  private void clear() {
    if (!shown.isEmpty()) {
      out.print("\r" + " ".repeat(shown.length()) + "\r");
    }
  }
}
