package org.deferredsync.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Whether somebody is looking at an output stream, and in colour. */
final class Terminal {
  /** Descriptor of standard output. */
  static final int OUTPUT = 1;

  /** Descriptor of standard error. */
  static final int ERRORS = 2;

  private final Map<String, String> environment;

  Terminal(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Whether the descriptor is a terminal. */
  boolean is(int descriptor) {
    Path link = Path.of("/proc/self/fd/" + descriptor);
    try {
      String target = Files.readSymbolicLink(link).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.startsWith("/dev/console");
    } catch (IOException e) {
      // No /proc: cron sets no TERM, a login does.
      return environment.containsKey("TERM");
    }
  }

  /** Whether the descriptor is a terminal that the user wants colour on (no-color.org). */
  boolean showsColour(int descriptor) {
    return is(descriptor)
        && environment.getOrDefault("NO_COLOR", "").isEmpty()
        && !environment.getOrDefault("TERM", "dumb").equals("dumb");
  }
}
