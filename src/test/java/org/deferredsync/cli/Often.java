package org.deferredsync.cli;

import java.util.Arrays;

/** Gives one command several times in one process, until it fails. */
final class Often {
  private Often() {}

  /**
   * Gives it.
   *
   * @param arguments how often, and the command
   */
  public static void main(String[] arguments) {
    String[] command = Arrays.copyOfRange(arguments, 1, arguments.length);
    int status = 0;
    for (int i = Integer.parseInt(arguments[0]); i > 0 && status == 0; i--) {
      status =
          new CommandLineProgram(
                  command,
                  new RawArguments(command, new byte[0]),
                  System.out,
                  System.err,
                  System.getenv())
              .run();
    }
    System.exit(status);
  }
}
