package org.deferredsync.plugin.upgrade;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;

/**
 * New virus signatures by freshclam(1). Its own service, which holds the same log and database, is
 * stopped meanwhile, and started again whatever happens.
 */
final class Freshclam {
  private static final String SERVICE = "clamav-freshclam";
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Path SYSTEMD = Path.of("/run/systemd/system");

  private final PluginContext context;
  private final boolean systemd;

  Freshclam(PluginContext context) {
    this(context, Files.isDirectory(SYSTEMD));
  }

  /**
   * @param systemd whether systemd runs the services
   */
  Freshclam(PluginContext context, boolean systemd) {
    this.context = context;
    this.systemd = systemd;
  }

  ReturnCode run() throws InterruptedException {
    Command version = Command.of("freshclam", "--version").within(LIMIT);
    context.log().info("{}:", version);
    CommandResult there = context.run(version);
    if (there.ending() instanceof Ending.Absent) {
      context.log().info("freshclam is not installed, so there are no signatures to renew.");
      return ReturnCode.SUCCESS;
    }
    if (context.dryRun()) {
      context.log().info("Dry run: freshclam is not run.");
      return ReturnCode.SUCCESS;
    }
    Steps steps = new Steps(context);
    if (!isRunning()) {
      return steps.run(Command.of("freshclam"));
    }
    ReturnCode code;
    ReturnCode started;
    try {
      code = steps.run(List.of(control("stop"), Command.of("freshclam")));
    } finally {
      started = startAgain(steps);
    }
    return code.or(started);
  }

  /** Also for a thread that has been interrupted, and is so again afterwards. */
  private ReturnCode startAgain(Steps steps) throws InterruptedException {
    boolean interrupted = Thread.interrupted();
    try {
      return steps.run(control("start"));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Whether the service runs; where nothing can tell, there is none to stop. */
  private boolean isRunning() throws InterruptedException {
    Command question =
        systemd
            ? Command.of("systemctl", "is-active", SERVICE)
            : Command.of("service", SERVICE, "status");
    context.log().info("{}:", question);
    CommandResult result = context.run(question.within(LIMIT));
    if (!result.started()) {
      context
          .log()
          .warn(
              "{} {}, so it is not known whether {} runs.",
              systemd ? "systemctl" : "service",
              result.describe(),
              SERVICE);
    }
    return result.succeeded();
  }

  private Command control(String verb) {
    List<String> arguments =
        systemd ? List.of("systemctl", verb, SERVICE) : List.of("service", SERVICE, verb);
    return Command.of(arguments).within(LIMIT).leavingServices();
  }
}
