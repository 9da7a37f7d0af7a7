package org.deferredsync.process;

import java.util.function.Consumer;

/** Runs commands to their end. */
public interface CommandRunner {
  /**
   * Runs the command and hands over each line it prints, as {@link
   * org.deferredsync.logging.Printable} text without its end of line. The consumers are called by
   * one thread at a time. When this returns, nothing of the command runs any more, but for the
   * services of one that leaves some.
   *
   * @param output gets the lines of standard output, none of a command with a {@link ByteSink}
   * @param errors gets the lines of standard error
   * @throws InterruptedException if the calling thread was interrupted; the command and all its
   *     children have been ended
   */
  CommandResult run(Command command, Consumer<String> output, Consumer<String> errors)
      throws InterruptedException;
}
