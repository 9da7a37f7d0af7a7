package org.deferredsync.plugin.dump;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.deferredsync.logging.ChildLines;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;
import org.slf4j.Logger;

/** Runs the programs by which databases are dumped, each for as long as a dump may take. */
final class Clients {
  private final PluginContext context;
  private final Logger log;
  private final Duration timeout;

  Clients(PluginContext context, Duration timeout) {
    this.context = context;
    this.log = context.log();
    this.timeout = timeout;
  }

  /** What a command prints, as the contents of a dump. */
  Dump.Source from(Command command) {
    return file -> run(command.writingTo(file));
  }

  /** Runs a command; answers why it failed, in the words of the program or its server. */
  Optional<String> run(Command command) throws PluginException, InterruptedException {
    return read(command, line -> {});
  }

  /** The same of one whose lines are wanted. */
  Optional<String> read(Command command, Consumer<String> output)
      throws PluginException, InterruptedException {
    Complaint complaint = new Complaint();
    CommandResult result;
    try (ChildLines lines = new ChildLines(log)) {
      result =
          context
              .commands()
              .run(
                  command.within(timeout),
                  output,
                  line -> {
                    lines.accept(line);
                    complaint.accept(line);
                  });
    }
    if (result.ending() instanceof Ending.Absent) {
      throw new PluginException(
          ReturnCode.PREREQUISITE, command.program() + " " + result.describe() + "; install it.");
    }
    if (result.ending() instanceof Ending.Broken broken) {
      return Optional.of(String.valueOf(broken.cause().getMessage()));
    }
    if (result.succeeded()) {
      return Optional.empty();
    }
    String said = complaint.text();
    return Optional.of(
        command.program() + " " + result.describe() + (said.isEmpty() ? "" : ": " + said));
  }
}
