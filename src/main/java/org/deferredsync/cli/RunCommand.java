package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.DurationText;
import org.deferredsync.config.SettingException;
import org.deferredsync.job.JobRequest;
import org.deferredsync.job.JobResult;
import org.deferredsync.job.JobStarter;
import org.deferredsync.job.Shutdown;
import org.deferredsync.logging.JobLog;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/**
 * The job. Its records go to the log, and to the screen where somebody is watching; where nobody
 * is, one line on standard error tells of trouble, and nothing of success.
 */
@Command(
    name = "run",
    sortOptions = false,
    description = "Runs the job: the before script, the plugins in order, the after script.",
    footer = {"", "Exit status: the first nonzero one of the scripts and plugins."})
final class RunCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;
  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "CONFIG",
      description = "the configuration, the same as -c FILE")
  private @Nullable String argument;

  @Option(
      names = {"-n", "--dry-run"},
      description = "change nothing anywhere; say what would be done")
  private boolean dryRun;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "NAME",
      description =
          "run these plugins alone, selected by the settings or not, in their usual order")
  private List<String> only = new ArrayList<>();

  @Option(
      names = "--approve",
      paramLabel = "SOURCE",
      description =
          "let this run do to SOURCE, a path of BACKUPDIRS, what the last one held back: that it lost"
              + " or changed so much, or is not mounted any more. Once, and no more than the last run"
              + " named; may be given several times")
  private List<String> approved = new ArrayList<>();

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      description =
          "wait so long for another run to end, such as 90s, 30m or 2h (default: LOCK_WAIT)")
  private @Nullable String patience;

  @Override
  public Integer call() throws SettingException, PluginException, IOException {
    DeferredSync context = requireNonNull(parent);
    Optional<Duration> wait = wait(patience);
    if (only.stream().anyMatch(String::isBlank)) {
      throw new CommandLine.ParameterException(
          requireNonNull(spec).commandLine(), "--only: an empty name; name plugins");
    }
    Path file = context.configurationFile(argument);
    Configuration configuration = Configuration.load(file, context.environment(), context.trust());
    JobStarter starter =
        new JobStarter(
            new JobRequest(
                file,
                context.runCommand(file),
                dryRun,
                only,
                approved(context, configuration),
                wait),
            configuration,
            context.environment(),
            context.trust(),
            new SystemCommandRunner(context.variables()),
            context.progress());
    try (JobLog log = starter.openLog(context.err());
        Logging logging = context.startJobLogging();
        Shutdown shutdown = Shutdown.guard()) {
      logging.keep(log);
      starter.runLog().ifPresent(logging::keep);
      return run(context, starter, shutdown);
    }
  }

  /** The sources to approve, which have to be in the configuration. */
  private List<String> approved(DeferredSync context, Configuration configuration)
      throws SettingException {
    List<String> paths = new ArrayList<>();
    for (String argument : approved) {
      byte[] bytes = context.rawArguments().take(argument);
      Set<FilePath> sources = BackupSettings.sources(configuration.settings());
      if (!isOneOf(sources, bytes)) {
        throw new CommandLine.ParameterException(
            requireNonNull(spec).commandLine(),
            "--approve: "
                + Printable.of(bytes)
                + " is not in BACKUPDIRS, which names "
                + sources.stream().map(FilePath::toString).collect(Collectors.joining(" ")));
      }
      paths.add(new String(bytes, StandardCharsets.UTF_8));
    }
    return paths;
  }

  private static boolean isOneOf(Set<FilePath> sources, byte[] path) {
    try {
      return sources.contains(FilePath.normalized(path));
    } catch (IllegalArgumentException e) {
      return false; // no absolute path
    }
  }

  private Optional<Duration> wait(@Nullable String text) {
    if (text == null) {
      return Optional.empty();
    }
    Optional<Duration> length = DurationText.parse(text);
    if (length.isEmpty()) {
      CommandLine command = requireNonNull(spec).commandLine();
      throw new CommandLine.ParameterException(
          command, "--wait: \"" + text + "\" is not a length of time such as 90s, 30m or 2h");
    }
    return length;
  }

  private static int run(DeferredSync context, JobStarter starter, Shutdown shutdown) {
    int status;
    String verdict;
    try {
      JobResult result = starter.run(shutdown);
      status = result.status();
      verdict = result.complaint();
    } catch (PluginException e) {
      status = e.code().status();
      verdict = String.valueOf(e.getMessage());
      LoggerFactory.getLogger(Logging.JOB).error("{}", verdict);
    } catch (InterruptedException | ClosedByInterruptException e) {
      status = ExitStatus.FAILURE; // that of the process is the signal's
      verdict = "Ended by " + shutdown.name() + " before anything was run.";
      LoggerFactory.getLogger(Logging.JOB).warn("{}", verdict);
    } catch (IOException e) {
      status = ExitStatus.FAILURE;
      verdict = Printable.of(CommandLineProgram.said(e));
      LoggerFactory.getLogger(Logging.JOB).error("{}", verdict, e);
    }
    if (status != 0 && !context.isWatched()) {
      context.err().println("deferred-sync: " + verdict);
    }
    shutdown.status(status);
    return status;
  }
}
