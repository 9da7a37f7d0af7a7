package org.deferredsync.logging;

import java.io.PrintStream;

/** Records on standard error, for somebody who is watching; standard output is kept for data. */
public final class Screen {
  private static final String RED = "\u001b[31m";
  private static final String YELLOW = "\u001b[33m";
  private static final String PLAIN = "\u001b[0m";

  private final StatusLine out;
  private final Level least;
  private final boolean colour;

  /**
   * @param least the lowest level that is shown
   */
  public Screen(PrintStream out, Level least, boolean colour) {
    this(new StatusLine(out), least, colour);
  }

  /**
   * Above a line that stays the last one.
   *
   * @param least the lowest level that is shown
   */
  public Screen(StatusLine out, Level least, boolean colour) {
    this.out = out;
    this.least = least;
    this.colour = colour;
  }

  void write(Level level, String line) {
    if (level.compareTo(least) < 0) {
      return;
    }
    if (colour && level != Level.INFO) {
      out.println((level == Level.ERROR ? RED : YELLOW) + line + PLAIN);
    } else {
      out.println(line);
    }
  }
}
