package org.deferredsync.report;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.RunLog;
import org.deferredsync.process.CommandRunner;
import org.slf4j.Logger;

/**
 * Mails the report of a run if it is wanted, and remembers what the run was like. It can fail in
 * any way without a consequence but an error in the log.
 */
public final class Mailer {
  private final MailSettings settings;
  private final Clock clock;
  private final CommandRunner commands;
  private final LastRun lastRun;
  private final Logger log;

  /**
   * @param memory the file that remembers the last run
   */
  public Mailer(
      MailSettings settings, Clock clock, CommandRunner commands, Path memory, Logger log) {
    this.settings = settings;
    this.clock = clock;
    this.commands = commands;
    this.lastRun = new LastRun(memory);
    this.log = log;
  }

  /**
   * Reports.
   *
   * @param text the log of the run, complete
   */
  public void report(RunReport report, RunLog text) throws InterruptedException {
    List<String> lines = News.lines(report);
    News news = News.between(remembered(), lines);
    if (isWanted(report, news)) {
      try {
        send(report, news, text);
        log.info("Mailed to {}.", String.join(", ", settings.addresses()));
      } catch (MailException e) {
        log.error(
            "The mail to {} failed: {}.",
            String.join(", ", settings.addresses()),
            e.getMessage(),
            e);
        return; // the next mail tells what this one did not
      }
    }
    try {
      lastRun.write(lines);
    } catch (IOException e) {
      log.error("What this run was like cannot be remembered: {}.", Printable.of(e.toString()), e);
    }
  }

  private Optional<List<String>> remembered() {
    try {
      return lastRun.read();
    } catch (IOException e) {
      log.error("What the last run was like cannot be read: {}.", Printable.of(e.toString()), e);
      return Optional.empty();
    }
  }

  private boolean isWanted(RunReport report, News news) {
    return switch (settings.on()) {
      case ALWAYS -> true;
      case TROUBLE -> report.status() != 0;
      case CHANGE -> !news.isNone();
    };
  }

  private void send(RunReport report, News news, RunLog text)
      throws MailException, InterruptedException {
    Mail mail = Mail.of(settings, report, news, text, clock);
    if (settings.server().isPresent()) {
      new Smtp(settings.server().get()).send(mail);
    } else {
      new Sendmail(settings.sendmail(), commands).send(mail);
    }
  }

  static String verdict(RunReport report) {
    return report.status() == 0 ? "OK" : "FAILED with status " + report.status();
  }
}
