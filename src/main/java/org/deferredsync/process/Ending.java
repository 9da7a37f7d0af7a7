package org.deferredsync.process;

import java.io.IOException;
import java.time.Duration;

/** How a command ended: exactly one of these. */
public sealed interface Ending {
  /** It ended by itself with this status, 0 to 255. */
  record Exited(int status) implements Ending {}

  /**
   * A signal ended it. The JVM tells signal n as status 128+n, so a program that ends by itself
   * with 129 to 159 is read as this too.
   */
  record Signalled(int signal) implements Ending {}

  /** It ran longer than allowed and was ended with all its children. */
  record TimedOut(Duration limit) implements Ending {}

  /** It was ended with all its children, since its input or its output failed on our side. */
  record Broken(IOException cause) implements Ending {}

  /** There is no such program. */
  record Absent(String program) implements Ending {}

  /** It is there and could not be started. */
  record NotStarted(String program, String cause) implements Ending {}
}
