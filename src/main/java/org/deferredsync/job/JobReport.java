package org.deferredsync.job;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.logging.Level;
import org.deferredsync.logging.LogRecord;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.RunLog;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.report.Mailer;
import org.deferredsync.report.RunReport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is told of a job at its end to those who are not there; nothing of it changes the result.
 */
final class JobReport {
  private final Logger log = LoggerFactory.getLogger("mail");
  private final String host;
  private final Clock clock;
  private final Optional<Mailer> mailer;
  private final Optional<RunLog> runLog;
  private final boolean dryRun;
  private final long start = System.nanoTime();

  /**
   * @param mailer who sends it, if it is wanted
   * @param runLog what was logged
   */
  JobReport(
      String host, Clock clock, Optional<Mailer> mailer, Optional<RunLog> runLog, boolean dryRun) {
    this.host = host;
    this.clock = clock;
    this.mailer = mailer;
    this.runLog = runLog;
    this.dryRun = dryRun;
  }

  /**
   * Sends it.
   *
   * @param end what the last record of the log is going to say
   */
  void send(JobResult result, String end) {
    if (mailer.isEmpty() || runLog.isEmpty()) {
      return;
    }
    if (dryRun) {
      log.info("Dry run: nothing is mailed.");
      return;
    }
    RunLog text = runLog.get();
    text.write(
        new LogRecord(Level.INFO, Instant.now(clock), Logging.JOB, end), clock.getZone(), false);
    try {
      mailer.get().report(report(result, text), text);
    } catch (InterruptedException e) {
      log.error("Nothing was mailed: the job was ended meanwhile.");
      Thread.currentThread().interrupt();
    } catch (RuntimeException | LinkageError e) {
      // Whatever a library throws must not change what became of the job.
      log.error("A fault in the mail, please report it: {}.", e.toString(), e);
    }
  }

  private RunReport report(JobResult result, RunLog text) {
    List<RunReport.Part> parts = new ArrayList<>();
    for (PluginOutcome outcome : result.outcomes()) {
      String name = outcome.name();
      parts.add(
          new RunReport.Part(
              name,
              outcome.code().status(),
              outcome.elapsed(),
              text.warnings(name),
              text.errors(name),
              outcome.reason(),
              text.results(name)));
    }
    return new RunReport(
        host,
        result.status(),
        result.verdict(),
        Duration.ofNanos(System.nanoTime() - start),
        parts,
        text.troubles());
  }
}
