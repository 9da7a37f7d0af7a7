package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.backup.Guard;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.Environment;
import org.deferredsync.config.HostName;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.fs.TerminalWidth;
import org.deferredsync.logging.Level;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Screen;
import org.deferredsync.logging.ShellWord;
import org.deferredsync.logging.StatusLine;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command takes, and what a command needs of the world around it. */
@Command(
    name = "deferred-sync",
    versionProvider = Version.class,
    sortOptions = false,
    synopsisHeading = "Usage: ",
    customSynopsis = {
      "deferred-sync [OPTIONS] [CONFIG]",
      "       deferred-sync [OPTIONS] COMMAND [ARGUMENTS]"
    },
    description = {
      "",
      "Backs up and synchronizes what sync.conf names. Without a command it runs the job,"
          + " as cron does.",
      ""
    },
    optionListHeading = "Options, for every command:%n",
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Exit status: 0 success, 1 something failed or another run is in progress, 2 a host cannot be"
          + " reached, 3 something that you provide is missing or refused, 64 wrong command line,"
          + " 128+n ended by signal n."
    })
final class DeferredSync {
  private final RawArguments rawArguments;
  private final PrintStream out;
  private final PrintStream err;
  private final StatusLine lastLine;
  private final Map<String, String> variables;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description =
          "the configuration (default: config/sync.conf of the installation, or config/sync.yaml"
              + " where there is no sync.conf; a relative path is taken from there)")
  private @Nullable String config;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "say more: every repeated warning, and the stack trace of an error")
  private boolean verbose;

  @Option(
      names = {"-q", "--quiet"},
      scope = ScopeType.INHERIT,
      description = "on the screen only warnings and errors")
  private boolean quiet;

  @Option(
      names = "--color",
      paramLabel = "WHEN",
      scope = ScopeType.INHERIT,
      description = "auto (default: on a terminal unless NO_COLOR is set), always or never")
  private Colour colour = Colour.auto;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "print this help")
  @SuppressWarnings("unused") // picocli reads it
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      scope = ScopeType.INHERIT,
      description = "print the version")
  @SuppressWarnings("unused") // picocli reads it
  private boolean version;

  DeferredSync(
      RawArguments rawArguments, PrintStream out, PrintStream err, Map<String, String> variables) {
    this.rawArguments = rawArguments;
    this.out = out;
    this.err = err;
    this.lastLine = new StatusLine(err);
    this.variables = Map.copyOf(variables);
  }

  /** The arguments as the bytes that they were given as. */
  RawArguments rawArguments() {
    return rawArguments;
  }

  /** Standard output: data only. */
  PrintStream out() {
    return out;
  }

  /** Standard error. */
  PrintStream err() {
    return err;
  }

  boolean isVerbose() {
    return verbose;
  }

  /** Whether only warnings and errors are wanted beside the data. */
  boolean isQuiet() {
    return quiet;
  }

  Terminal terminal() {
    return new Terminal(variables);
  }

  Map<String, String> variables() {
    return variables;
  }

  /** The installation directory: the launcher's, else SCRIPT_HOME, else where we are. */
  Path home() {
    String named =
        System.getProperty("deferredsync.home", variables.getOrDefault("SCRIPT_HOME", ""));
    return Path.of(named.isEmpty() ? "." : named).toAbsolutePath().normalize();
  }

  Environment environment() {
    return new Environment(
        home(), variables, HostName.ofSystem(), Clock.system(ZoneId.systemDefault()));
  }

  TrustedPath trust() {
    return TrustedPath.ofProcess();
  }

  /** The file that {@code -c} names, or else {@code argument}, or else the default. */
  Path configurationFile(@Nullable String argument) throws SettingException {
    return Configuration.locate(
        Optional.ofNullable(config == null ? argument : config),
        home(),
        Path.of("").toAbsolutePath());
  }

  /** What an operator types to run the job with the configuration of this command. */
  String runCommand() throws SettingException {
    return runCommand(configurationFile(null));
  }

  /** The same with the configuration in {@code file}, from wherever the operator stands. */
  String runCommand(Path file) throws SettingException {
    Path usual = Configuration.locate(Optional.empty(), home(), home());
    return Guard.USUAL_COMMAND
        + (file.equals(usual) ? "" : " -c " + ShellWord.of(Printable.of(file.toString())));
  }

  /** The configuration of a command that takes none as an argument. */
  Configuration configuration() throws SettingException {
    return Configuration.load(configurationFile(null), environment(), trust());
  }

  /** Records of a command other than the job go to the screen: warnings, or all with {@code -v}. */
  Logging startLogging() {
    Logging logging = Logging.start(environment().clock(), verbose);
    logging.show(screen(verbose ? Level.INFO : Level.WARN));
    return logging;
  }

  /** Records of the job go to the screen where somebody is watching. */
  Logging startJobLogging() throws IOException {
    Logging logging = Logging.start(environment().clock(), verbose);
    if (isWatched()) {
      logging.show(screen(quiet ? Level.WARN : Level.INFO));
    }
    return logging;
  }

  /** Whether standard error is a terminal. */
  boolean isWatched() {
    return terminal().is(Terminal.ERRORS);
  }

  /** A bar for long work, where somebody is watching and has not asked for quiet. */
  Progress progress() {
    return isWatched() && !quiet
        ? new ProgressBars(lastLine, () -> TerminalWidth.of(Terminal.ERRORS))
        : Progress.NONE;
  }

  private Screen screen(Level least) {
    boolean coloured =
        switch (colour) {
          case always -> true;
          case never -> false;
          case auto -> terminal().showsColour(Terminal.ERRORS);
        };
    return new Screen(lastLine, least, coloured);
  }
}
