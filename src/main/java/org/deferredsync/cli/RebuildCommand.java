package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.Rebuild;
import org.deferredsync.backup.Rebuild.Report;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.backup.BackupSettings;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Makes a lost catalogue again. */
@Command(
    name = "rebuild",
    sortOptions = false,
    description = {
      "Makes the catalogue of the target again if it is lost, damaged, or older than the mirror:"
          + " from the manifests in the target, and what they lack from mirror and increments. A"
          + " damaged one is kept aside; no file of a backup is changed.",
      "Exit status: 0 also if something could not be known; then warnings say what."
    })
final class RebuildCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;

  @Option(names = "--force", description = "also if the catalogue seems to be whole")
  private boolean force;

  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    DeferredSync context = requireNonNull(parent);
    Settings settings = context.configuration().settings();
    Engine engine =
        Engine.ofSystem(
            context.environment().clock(),
            Engine.stateDirectory(context.variables()),
            context.progress());
    Rebuild rebuild =
        new Rebuild(
            engine,
            BackupSettings.target(settings),
            BackupSettings.sources(settings),
            LoggerFactory.getLogger("rebuild"));
    Logging logging = context.startLogging();
    try {
      print(context, rebuild.run(force));
    } finally {
      logging.close();
    }
    return ExitStatus.SUCCESS;
  }

  private void print(DeferredSync context, Report report) throws IOException {
    if (json) {
      try (JsonWriter writer = new JsonWriter(context.out())) {
        writer
            .beginObject()
            .member("rebuilt", report.rebuilt())
            .member("exact", report.exact())
            .member("runs", report.runs())
            .member("fromFiles", report.found())
            .endObject();
      }
    } else if (!report.rebuilt()) {
      context.out().println("The catalogue is whole; nothing to do.");
    } else if (report.exact()) {
      context.out().println("Rebuilt: " + runs(report) + ", all of it as it was.");
    } else {
      context
          .out()
          .printf(
              "Rebuilt: %s; versions that are known by their files alone: %d.%n",
              runs(report), report.found());
    }
  }

  private static String runs(Report report) {
    return Quantity.of(report.runs(), "run");
  }
}
