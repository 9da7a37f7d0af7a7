package org.deferredsync.job;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Logging;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.plugin.ScriptPlugin;
import org.deferredsync.process.Durations;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of the whole: before script, plugins in order, after script, summary. Whatever fails, the
 * next one runs; the first nonzero code is the job's.
 */
public final class Job {
  private final Logger log = LoggerFactory.getLogger(Logging.JOB);
  private final String host;
  private final Settings settings;
  private final List<Plugin> plugins;
  private final PluginRunner runner;
  private final PluginContext context;
  private final List<PluginOutcome> outcomes = new ArrayList<>();

  /**
   * @param host the name it is started on
   * @param plugins in the order in which they run
   * @param context what every plugin is told; its log and what ran before are filled in for each
   */
  public Job(String host, List<Plugin> plugins, PluginRunner runner, PluginContext context) {
    this.host = host;
    this.settings = context.settings();
    this.plugins = List.copyOf(plugins);
    this.runner = runner;
    this.context = context;
  }

  /**
   * Runs it.
   *
   * @param notes what there is to warn of before anything runs
   * @param signal asked after an interruption: the signal that ends the job
   * @param ending told what became of it, before the last record, which it is given
   */
  public JobResult run(
      List<String> notes, SignalSource signal, BiConsumer<JobResult, String> ending) {
    long start = System.nanoTime();
    log.info(
        "Job started on {}{}.", host, context.dryRun() ? " as a dry run: nothing is changed" : "");
    notes.forEach(note -> log.warn("{}", note));
    Optional<String> ended = Optional.empty();
    try {
      phases();
    } catch (InterruptedException e) {
      ended = Optional.of(signal.name());
      log.warn("{}: what was running has been ended, the rest is not run.", signal.name());
    }
    JobResult result = new JobResult(outcomes, ended);
    summarize(result);
    String end =
        "Job ended on "
            + host
            + " with status "
            + result.status()
            + " after "
            + Durations.format(Duration.ofNanos(System.nanoTime() - start))
            + ".";
    ending.accept(result, end);
    log.info("{}", end);
    return result;
  }

  private void phases() throws InterruptedException {
    hook("Before script", "STARTSCRIPT");
    log.info("Plugins started.");
    int before = outcomes.size();
    for (Plugin plugin : plugins) {
      run("Plugin: " + plugin.name(), plugin);
    }
    conclude("Plugins", JobResult.first(outcomes.subList(before, outcomes.size())));
    hook("After script", "ENDSCRIPT");
  }

  private void hook(String phase, String key) throws InterruptedException {
    Optional<Path> script;
    try {
      script = settings.path(key);
    } catch (SettingException e) {
      log.warn("{}", e.getMessage());
      outcomes.add(
          new PluginOutcome(
              key, ReturnCode.PREREQUISITE, Duration.ZERO, String.valueOf(e.getMessage())));
      conclude(phase, ReturnCode.PREREQUISITE);
      return;
    }
    if (script.isPresent()) {
      Path file = script.get();
      String name = file.getFileName() == null ? key : file.getFileName().toString();
      run(phase, new ScriptPlugin(name, 0, file));
    }
  }

  private void run(String phase, Plugin plugin) throws InterruptedException {
    log.info("{} started.", phase);
    PluginContext own = context.with(Logging.speaker(plugin.name()), outcomes);
    long start = System.nanoTime();
    PluginOutcome outcome;
    try {
      outcome = runner.run(plugin, own);
    } catch (InterruptedException e) {
      Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
      outcomes.add(new PluginOutcome(plugin.name(), ReturnCode.FAILURE, elapsed, ""));
      throw e;
    }
    outcomes.add(outcome);
    conclude(phase, outcome.code());
  }

  private void conclude(String phase, ReturnCode code) {
    if (code == ReturnCode.SUCCESS) {
      log.info("{} completed successfully.", phase);
    } else {
      log.warn("{} exited with status {}.", phase, code.status());
    }
  }

  private void summarize(JobResult result) {
    if (!outcomes.isEmpty()) {
      log.info(
          "Summary: {}.",
          outcomes.stream()
              .map(
                  o ->
                      o.name()
                          + " "
                          + o.code().status()
                          + " ("
                          + Durations.format(o.elapsed())
                          + ")")
              .collect(Collectors.joining(", ")));
    }
    if (result.succeeded()) {
      log.info("{}", result.verdict());
    } else {
      log.warn("{}", result.verdict());
    }
  }
}
