package org.deferredsync.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.ChildLines;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Progress;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.Lines;
import org.slf4j.Logger;

/**
 * What a plugin may know of the job that runs it.
 *
 * @param command what an operator types to run the job
 * @param approved the sources of which the operator releases why the last run held them
 * @param dryRun whether nothing may be changed anywhere
 * @param log where it speaks, by its own name
 * @param environment what the job was started with
 * @param trust tells whether others could change what a path leads to
 * @param home the installation directory
 * @param scratch a directory of ours with mode 0700, for files that live as long as a command
 * @param progress told of how far long work has come
 * @param earlier what became of the plugins that ran before it in this job, in order
 * @param reasons takes in a line why the plugin is going to return another code than success, for
 *     who sees the verdict alone and not the log
 */
public record PluginContext(
    Settings settings,
    String command,
    List<String> approved,
    boolean dryRun,
    Logger log,
    CommandRunner commands,
    Clock clock,
    Map<String, String> environment,
    TrustedPath trust,
    Path home,
    Path scratch,
    Progress progress,
    List<PluginOutcome> earlier,
    Consumer<String> reasons) {
  public PluginContext {
    approved = List.copyOf(approved);
    environment = Map.copyOf(environment);
    earlier = List.copyOf(earlier);
  }

  /** The same for a plugin that speaks by {@code newLog} and runs after those. */
  public PluginContext with(Logger newLog, List<PluginOutcome> newEarlier) {
    return with(newLog, newEarlier, reasons);
  }

  /** The same with another one who takes reasons. */
  public PluginContext with(Consumer<String> newReasons) {
    return with(log, earlier, newReasons);
  }

  private PluginContext with(
      Logger newLog, List<PluginOutcome> newEarlier, Consumer<String> newReasons) {
    return new PluginContext(
        settings,
        command,
        approved,
        dryRun,
        newLog,
        commands,
        clock,
        environment,
        trust,
        home,
        scratch,
        progress,
        newEarlier,
        newReasons);
  }

  /** Logs what came of the work, in one sentence that a report's summary shows too. */
  public void result(String sentence) {
    log.info(Logging.RESULT, "{}", sentence);
  }

  /** Runs a command with all that it prints as records, and warns of children it left behind. */
  public CommandResult run(Command command) throws InterruptedException {
    return run(command, line -> {});
  }

  /** The same, and hands each line over to {@code observer} too. */
  public CommandResult run(Command command, Consumer<String> observer) throws InterruptedException {
    try (ChildLines lines = new ChildLines(log)) {
      Consumer<String> both = lines.andThen(observer);
      CommandResult result = commands.run(command, both, both);
      warnOfLeftovers(command, result);
      return result;
    }
  }

  private void warnOfLeftovers(Command command, CommandResult result) {
    if (!result.leftovers().isEmpty()) {
      log.warn(
          "{} left processes behind, which have been ended: {}.",
          command.program(),
          String.join(", ", result.leftovers()));
    }
  }

  /**
   * The return code of a program that knows our codes: its status 0 to 3 is passed on, anything
   * else is a failure, and logged as it was.
   */
  public ReturnCode passOn(Path program, CommandResult result) {
    if (result.ending() instanceof Ending.Exited exited) {
      for (ReturnCode code : ReturnCode.values()) {
        if (code.status() == exited.status()) {
          return code;
        }
      }
    }
    String what = program + " " + result.describe();
    log.warn("{}.", what);
    reasons.accept(what);
    return ReturnCode.FAILURE;
  }

  /**
   * Shows the contents of a text file as records.
   *
   * @throws IOException if it cannot be read
   */
  public void show(Path file) throws IOException {
    show(file, line -> line);
  }

  /** The same, with each line as {@code shown} makes it, such as one without a password. */
  public void show(Path file, UnaryOperator<String> shown) throws IOException {
    try (ChildLines lines = new ChildLines(log);
        InputStream in = Files.newInputStream(file)) {
      Lines.read(in, line -> lines.accept(shown.apply(line)));
    }
  }
}
