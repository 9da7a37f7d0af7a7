package org.deferredsync.plugin.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;

/**
 * Programs and files that only tell of the host: what they say goes to the log, and one that is
 * absent or fails is a warning.
 */
final class Inspection {
  /** Long enough for any of them; a program that waits for a dead file server ends here. */
  static final Duration LIMIT = Duration.ofMinutes(5);

  private final PluginContext context;

  Inspection(PluginContext context) {
    this.context = context;
  }

  /** Runs the program and warns if it is absent or fails. */
  void run(String... arguments) throws InterruptedException {
    CommandResult result = attempt(arguments);
    if (!result.succeeded()) {
      warn(arguments[0], result);
    }
  }

  /** The same, without a word if it is absent. */
  void runIfThere(String... arguments) throws InterruptedException {
    CommandResult result = attempt(arguments);
    if (result.started() && !result.succeeded()) {
      warn(arguments[0], result);
    }
  }

  /** Runs the program and leaves it to the caller to judge. */
  CommandResult attempt(String... arguments) throws InterruptedException {
    Command command = Command.of(arguments).within(LIMIT);
    context.log().info("{}:", command);
    return context.run(command);
  }

  void warn(String program, CommandResult result) {
    context.log().warn("{} {}.", program, result.describe());
  }

  /** Shows a file if it is there. */
  void show(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      context.log().info("{}:", file);
      context.show(file);
    }
  }
}
