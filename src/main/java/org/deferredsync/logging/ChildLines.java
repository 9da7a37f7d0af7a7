package org.deferredsync.logging;

import java.util.function.Consumer;
import org.slf4j.Logger;

/**
 * Records of the lines that one child process prints, set off with {@code | }. What goes beyond
 * {@value #MOST} bytes is counted instead, so that a flood does not fill the log's file system.
 */
public final class ChildLines implements Consumer<String>, AutoCloseable {
  /** What sets a child's line off from our own sentences. */
  public static final String MARK = "| ";

  static final long MOST = 16L * 1024 * 1024;

  private final Logger log;
  private long bytes;
  private long dropped;

  public ChildLines(Logger log) {
    this.log = log;
  }

  @Override
  public synchronized void accept(String line) {
    bytes += line.length() + 1L;
    if (bytes > MOST) {
      dropped++;
    } else {
      log.info("{}{}", MARK, line);
    }
  }

  /** Says how many lines were left out, if any were. */
  @Override
  public synchronized void close() {
    if (dropped > 0) {
      log.warn(
          "{} left out of the log.",
          Quantity.of(dropped, "more line of output was", "more lines of output were"));
      dropped = 0;
    }
  }
}
