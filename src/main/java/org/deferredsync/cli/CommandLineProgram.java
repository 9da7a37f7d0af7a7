package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.BackupException;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.PluginException;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * One call of the program, from its arguments to its exit status. What no command has handled ends
 * here as one line; with {@code -v} the stack trace follows.
 */
final class CommandLineProgram {
  private static final Set<String> VALUED = Set.of("-c", "--config", "--color", "--only", "--wait");
  private static final Set<String> VERSION = Set.of("-V", "--version");
  private static final Set<String> ABOUT = Set.of("-h", "--help", "-V", "--version");

  private final String[] arguments;
  private final PrintStream out;
  private final PrintStream err;
  private final DeferredSync root;
  private String command = "";
  private String stray = "";

  CommandLineProgram(
      String[] arguments,
      RawArguments rawArguments,
      PrintStream out,
      PrintStream err,
      Map<String, String> environment) {
    this.arguments = arguments.clone();
    this.out = out;
    this.err = err;
    this.root = new DeferredSync(rawArguments, out, err, environment);
  }

  int run() {
    if (arguments.length == 1 && ABOUT.contains(arguments[0])) {
      return about();
    }
    List<String> completed = withCommand(List.of(arguments));
    if (!stray.isEmpty()) {
      err.println(
          "deferred-sync: "
              + Printable.of(stray)
              + " is neither a command nor a configuration file that exists");
      err.println("See \"deferred-sync --help\".");
      return ExitStatus.USAGE;
    }
    CommandLine commandLine = commandLine(helpColour(completed));
    return commandLine.execute(completed.toArray(new String[0]));
  }

  private int about() {
    try {
      boolean version = VERSION.contains(arguments[0]);
      out.print(
          version
              ? Version.text() + System.lineSeparator()
              : HelpText.read(root.terminal().showsColour(Terminal.OUTPUT)));
      return ExitStatus.SUCCESS;
    } catch (IOException e) {
      complain(String.valueOf(e.getMessage()));
      return ExitStatus.FAILURE;
    }
  }

  /** Knows the one command that is meant, or all of them to tell of. */
  CommandLine commandLine(Ansi colour) {
    CommandLine commandLine = new CommandLine(root);
    if (command.isEmpty()) {
      Commands.addAll(commandLine);
    } else {
      Commands.add(commandLine, command);
    }
    return commandLine
        .setExpandAtFiles(false)
        .setInterpolateVariables(false)
        .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
        .setUsageHelpLongOptionsMaxWidth(28)
        .setParameterExceptionHandler(this::usageError)
        .setExecutionExceptionHandler(this::failure)
        .setColorScheme(CommandLine.Help.defaultColorScheme(colour));
  }

  /** Without a command the job is meant, and a first argument is its configuration. */
  private List<String> withCommand(List<String> given) {
    for (int i = 0; i < given.size(); i++) {
      String argument = given.get(i);
      if (ABOUT.contains(argument)) {
        return given;
      }
      if (Commands.has(argument)) {
        command = argument;
        return given;
      }
      if (VALUED.contains(argument)) {
        i++;
      } else if (!argument.startsWith("-")) {
        stray = isStray(argument) ? argument : "";
        break;
      }
    }
    List<String> completed = new ArrayList<>(given);
    completed.add(0, "run");
    command = "run";
    return completed;
  }

  /** A mistyped command, which must not be looked for as a configuration. */
  private boolean isStray(String argument) {
    return argument.matches("[a-z-]+")
        && !Files.exists(root.home().resolve(argument))
        && !Files.exists(Path.of(argument));
  }

  /** Help is printed while options are still being read, so its colour is looked for beforehand. */
  private Ansi helpColour(List<String> given) {
    int option = given.indexOf("--color");
    String choice = option >= 0 && option + 1 < given.size() ? given.get(option + 1) : "";
    if (choice.equals("always") || given.contains("--color=always")) {
      return Ansi.ON;
    }
    boolean never = choice.equals("never") || given.contains("--color=never");
    return !never && root.terminal().showsColour(Terminal.OUTPUT) ? Ansi.ON : Ansi.OFF;
  }

  private int usageError(ParameterException e, String[] given) {
    String message = Printable.of(String.valueOf(e.getMessage()));
    err.println("deferred-sync: " + message);
    if (e instanceof UnmatchedArgumentException unmatched) {
      List<String> suggestions = unmatched.getSuggestions();
      if (!suggestions.isEmpty()) {
        err.println("Did you mean " + String.join(" or ", suggestions) + "?");
      }
    }
    err.println("See \"" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help\".");
    return ExitStatus.USAGE;
  }

  private int failure(Exception e, CommandLine command, ParseResult result) {
    int status;
    if (e instanceof PluginException failed) {
      status = failed.code().status();
      complain(String.valueOf(failed.getMessage()));
    } else if (e instanceof BackupException failed) {
      status =
          failed.kind() == BackupException.Kind.PREREQUISITE
              ? ExitStatus.PREREQUISITE
              : ExitStatus.FAILURE;
      complain(String.valueOf(failed.getMessage()));
    } else if (e instanceof SettingException) {
      status = ExitStatus.PREREQUISITE;
      complain(String.valueOf(e.getMessage()));
    } else {
      status = ExitStatus.FAILURE;
      complain(said(e));
    }
    if (root.isVerbose()) {
      e.printStackTrace(err);
    }
    return status;
  }

  /** What failed and why, in one line of which only what nobody foresaw names the exception. */
  static String said(Exception e) {
    return (saysAll(e) ? "" : e.getClass().getSimpleName() + ": ") + e.getMessage();
  }

  /** Whether the message has both what failed and why; that of some exceptions is a path alone. */
  private static boolean saysAll(Exception e) {
    return e.getClass().getName().startsWith("org.deferredsync.")
        || (e instanceof FileSystemException file && file.getReason() != null);
  }

  private void complain(String message) {
    out.flush();
    err.println("[ERROR] deferred-sync: " + Printable.of(message));
  }
}
