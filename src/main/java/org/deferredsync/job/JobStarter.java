package org.deferredsync.job;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.Environment;
import org.deferredsync.config.HostName;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.JobLog;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.RunLog;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.Plugins;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.report.MailSettings;
import org.deferredsync.report.Mailer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a job run, or says why none can: the log is writable, no other run is in progress, and
 * nobody else can change what will be run.
 */
public final class JobStarter {
  private final Logger log = LoggerFactory.getLogger(Logging.JOB);
  private final JobRequest request;
  private final Configuration configuration;
  private final Environment environment;
  private final TrustedPath trust;
  private final CommandRunner commands;
  private final Progress progress;
  private final Optional<RunLog> runLog;

  public JobStarter(
      JobRequest request,
      Configuration configuration,
      Environment environment,
      TrustedPath trust,
      CommandRunner commands,
      Progress progress) {
    this.request = request;
    this.configuration = configuration;
    this.environment = environment;
    this.trust = trust;
    this.commands = commands;
    this.progress = progress;
    this.runLog =
        configuration.settings().text("ADMIN_MAIL_ADDRESS").isBlank()
            ? Optional.empty()
            : Optional.of(new RunLog());
  }

  /** What is to be told everything that is logged, if somebody is to be mailed. */
  public Optional<RunLog> runLog() {
    return runLog;
  }

  /**
   * Opens the log that the settings name.
   *
   * @param complaints where to say, once, that the log cannot be written any more
   * @throws PluginException if it cannot be written (failure) or others could change it
   *     (prerequisite)
   */
  public JobLog openLog(PrintStream complaints) throws PluginException {
    Settings settings = configuration.settings();
    Optional<Path> path;
    try {
      settings.required("JOBLOG");
      path = settings.path("JOBLOG");
    } catch (SettingException e) {
      throw new PluginException(ReturnCode.PREREQUISITE, String.valueOf(e.getMessage()), e);
    }
    Path file = path.orElseThrow();
    Optional<String> complaint = trust.logComplaint(file);
    if (complaint.isPresent()) {
      throw new PluginException(ReturnCode.PREREQUISITE, "JOBLOG: " + complaint.get());
    }
    try {
      return JobLog.open(file, complaints);
    } catch (IOException e) {
      throw new PluginException(
          ReturnCode.FAILURE,
          "JOBLOG "
              + Printable.of(file.toString())
              + " cannot be written ("
              + reason(e)
              + "); make its directory, or make it writable. Nothing was run.",
          e);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "its directory does not exist";
    } else if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    String reason = e instanceof FileSystemException file ? file.getReason() : null;
    return Printable.of(reason == null ? String.valueOf(e.getMessage()) : reason);
  }

  /**
   * Runs the job under its lock.
   *
   * @param shutdown what ends it before its time
   * @throws PluginException if it cannot run: failure if another run is in progress, prerequisite
   *     if others could change what would be run
   */
  public JobResult run(Shutdown shutdown)
      throws PluginException, IOException, InterruptedException {
    Settings settings = configuration.settings();
    Path directory = directory();
    try {
      Duration patience = request.patience().orElse(KnownSettings.lockWait(settings));
      boolean dryRun = request.dryRun() || settings.flag("DRY_RUN");
      OffsetDateTime now = OffsetDateTime.now(environment.clock());
      try (JobLock lock = JobLock.take(directory, request.configuration(), patience, now);
          Scratch scratch = Scratch.in(directory, lock.key())) {
        requireTrust(settings);
        Plugins plugins = Plugins.trusted(environment.scriptHome(), trust);
        List<Plugin> selected = new ArrayList<>(selected(plugins, settings));
        JobReport report = report(lock, selected, dryRun);
        if (selected.stream().anyMatch(JavaRuntime::mayBeReplacedBy)) {
          JavaRuntime.load();
        }
        Job job =
            new Job(
                environment.host().text(HostName.Form.PLAIN),
                selected,
                new PluginRunner(KnownSettings.pluginTimeout(settings)),
                new PluginContext(
                    settings,
                    request.command(),
                    request.approved(),
                    dryRun,
                    log,
                    commands,
                    environment.clock(),
                    environment.variables(),
                    trust,
                    environment.scriptHome(),
                    scratch.directory(),
                    progress,
                    List.of(),
                    why -> {}));
        return job.run(notes(plugins, selected), shutdown, report::send);
      }
    } catch (SettingException e) {
      throw new PluginException(ReturnCode.PREREQUISITE, String.valueOf(e.getMessage()), e);
    }
  }

  /** Where the lock lies, which a user without a home has to name. */
  private Path directory() throws PluginException {
    try {
      return JobDirectory.of(environment.variables());
    } catch (FileSystemException e) {
      throw new PluginException(
          ReturnCode.PREREQUISITE,
          Printable.of(e.getFile())
              + ": the directory of the job's lock cannot be made there ("
              + reason(e)
              + "); make it writable, or set XDG_STATE_HOME to a directory of this user's."
              + " Nothing was run.",
          e);
    } catch (IOException e) {
      throw new PluginException(
          ReturnCode.PREREQUISITE, Printable.of(String.valueOf(e.getMessage())), e);
    }
  }

  /** What ends the run with a mail; settings that nothing can be mailed by fail in their turn. */
  private JobReport report(JobLock lock, List<Plugin> selected, boolean dryRun) {
    String host = environment.host().text(HostName.Form.PLAIN);
    try {
      Optional<MailSettings> mail =
          runLog.isEmpty()
              ? Optional.empty()
              : MailSettings.of(configuration.settings(), environment.variables(), trust);
      Optional<Mailer> mailer =
          mail.map(
              m ->
                  new Mailer(
                      m,
                      environment.clock(),
                      commands,
                      JobDirectory.memory(environment.variables()).resolve(lock.key()),
                      LoggerFactory.getLogger("mail")));
      return new JobReport(host, environment.clock(), mailer, runLog, dryRun);
    } catch (SettingException e) {
      selected.add(0, new Refused("mail", e));
      return new JobReport(host, environment.clock(), Optional.empty(), runLog, dryRun);
    }
  }

  private List<Plugin> selected(Plugins plugins, Settings settings) throws SettingException {
    if (!request.only().isEmpty()) {
      return plugins.only(request.only(), settings);
    }
    List<Plugin> selected = plugins.select(settings);
    return selected.isEmpty()
        ? List.of(new Refused("plugins", Plugins.noneIn(settings)))
        : selected;
  }

  private List<String> notes(Plugins plugins, List<Plugin> selected) {
    List<String> notes = new ArrayList<>(configuration.warnings());
    notes.addAll(plugins.warnings());
    boolean guarded =
        selected.stream().anyMatch(plugin -> plugin.settings().contains("GUARD_PERCENT"));
    if (!request.approved().isEmpty() && !guarded) {
      notes.add("--approve changes nothing: no plugin of this run backs anything up.");
    }
    return notes;
  }

  /**
   * What will be run or believed: hooks, drop-ins and the exclude file, as far as they are there.
   */
  private void requireTrust(Settings settings) throws PluginException, IOException {
    List<Path> paths = new ArrayList<>();
    for (String key : List.of("STARTSCRIPT", "ENDSCRIPT", "EXCLUDEFILE")) {
      String text = settings.text(key).strip();
      if (text.startsWith("/")) {
        paths.add(Path.of(text));
      }
    }
    for (String source : settings.own().keySet()) {
      String text = settings.of(source).text("EXCLUDEFILE").strip();
      if (text.startsWith("/")) {
        paths.add(Path.of(text));
      }
    }
    for (Path path : paths) {
      if (Files.exists(path)) {
        Optional<String> complaint = trust.complaint(path);
        if (complaint.isPresent()) {
          throw new PluginException(
              ReturnCode.PREREQUISITE,
              Printable.of(path.toString()) + " is not trusted: " + complaint.get());
        }
      }
    }
  }
}
