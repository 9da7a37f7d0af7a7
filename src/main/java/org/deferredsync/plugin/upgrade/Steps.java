package org.deferredsync.plugin.upgrade;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Durations;
import org.deferredsync.process.Ending;

/**
 * Commands that build on each other: each runs only after the one before succeeded. One that finds
 * a lock of another package manager waits for it.
 */
final class Steps {
  /** How long the daily work of another package manager is waited for. */
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /** How long is waited before the first new attempt; twice as long before each further one. */
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** What apt-get says of a lock for which it has no option to wait: of lists and archives. */
  private static final String LOCKED = "Could not get lock";

  /** How apt-get and dnf tell in one line what they are going to do, if it is anything. */
  private static final Pattern COUNTS =
      Pattern.compile(
          "(?=.*[1-9])(?:[0-9]+ upgraded, .*|(?:Upgrade|Install|Remove) +[0-9]+ Packages?)");

  private final PluginContext context;
  private final Duration patience;
  private final Duration pause;

  Steps(PluginContext context) {
    this(context, PATIENCE, PAUSE);
  }

  Steps(PluginContext context, Duration patience, Duration pause) {
    this.context = context;
    this.patience = patience;
    this.pause = pause;
  }

  /** Runs them up to the first that fails, and names those that are then not run. */
  ReturnCode run(List<Command> commands) throws InterruptedException {
    for (int i = 0; i < commands.size(); i++) {
      ReturnCode code = run(commands.get(i));
      if (code != ReturnCode.SUCCESS) {
        for (Command left : commands.subList(i + 1, commands.size())) {
          context.log().warn("Not run, because the one before failed: {}.", name(left));
        }
        return code;
      }
    }
    return ReturnCode.SUCCESS;
  }

  ReturnCode run(Command command) throws InterruptedException {
    return judge(
        command,
        attempt(
            command,
            line -> {
              if (COUNTS.matcher(line).matches()) {
                context.result(name(command) + ": " + line.strip());
              }
            }));
  }

  /** Runs it, with each line for {@code observer} too, and leaves it to the caller to judge. */
  CommandResult attempt(Command command, Consumer<String> observer) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Duration wait = pause;
    while (true) {
      context.log().info("{}:", command);
      List<String> locked = new ArrayList<>();
      CommandResult result =
          context.run(
              command,
              observer.andThen(
                  line -> {
                    if (line.contains(LOCKED)) {
                      locked.add(line);
                    }
                  }));
      if (result.succeeded() || locked.isEmpty() || System.nanoTime() >= deadline) {
        return result;
      }
      context
          .log()
          .info(
              "Another package manager is at work; trying again in {}, for {} altogether.",
              Durations.format(wait),
              Durations.format(patience));
      Thread.sleep(wait.toMillis());
      wait = wait.compareTo(LONGEST_PAUSE.dividedBy(2)) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
    }
  }

  /** The code of a command that ended so; failures are warned of and given as the reason. */
  ReturnCode judge(Command command, CommandResult result) {
    if (result.succeeded()) {
      return ReturnCode.SUCCESS;
    }
    boolean absent = result.ending() instanceof Ending.Absent;
    String what = (absent ? command.program() : name(command)) + " " + result.describe();
    context.log().warn("{}.", what);
    context.reasons().accept(what);
    return absent ? ReturnCode.PREREQUISITE : ReturnCode.FAILURE;
  }

  /** The program and what it is told to do, without its options. */
  private static String name(Command command) {
    List<String> words = new ArrayList<>(List.of(command.program()));
    List<String> arguments = command.arguments();
    for (int i = 1; i < arguments.size(); i++) {
      if (arguments.get(i).equals("-o")) {
        i++;
      } else if (!arguments.get(i).startsWith("-")) {
        words.add(arguments.get(i));
        break;
      }
    }
    return String.join(" ", words);
  }
}
