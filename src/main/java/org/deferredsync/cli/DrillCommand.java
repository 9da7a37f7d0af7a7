package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.deferredsync.config.SettingException;
import org.deferredsync.job.Shutdown;
import org.deferredsync.logging.Logging;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.plugin.dump.DumpDrill;
import org.deferredsync.plugin.dump.DumpDrill.Outcome;
import org.deferredsync.process.SystemCommandRunner;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Proves by restoring: so far, of dumps. */
@Command(
    name = "drill",
    sortOptions = false,
    description = {
      "Proves dumps by loading the newest one of each kind into an instance of its own.",
      "Starts a MariaDB or MySQL, a PostgreSQL on a private socket as an unprivileged user, makes a"
          + " repository of Subversion, opens a database of SQLite; loads the dump, compares tables"
          + " and rows with what was recorded when it was made, and removes the instance. Where the"
          + " server's programs are not installed it parses the dump to its end and says so."
          + " \"deferred-sync status\" shows when each dump was last proven.",
      "Exit status: 0 if each is proven, or parsed for want of a server; 1 if one is not what it"
          + " should be; 3 if there are no dumps."
    })
final class DrillCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;

  @Option(names = "--dumps", required = true, description = "prove the dumps of databases")
  @SuppressWarnings("unused") // picocli reads it
  private boolean dumps;

  @Option(names = "--all", description = "of each database, not only the newest of each kind")
  private boolean all;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "make the instances in DIR, which every user has to be able to pass through (default:"
              + " /var/tmp); as large as the databases")
  private Path directory = Path.of("/var/tmp");

  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Override
  public Integer call()
      throws SettingException, PluginException, IOException, InterruptedException {
    DeferredSync context = requireNonNull(parent);
    Path place = directory.toAbsolutePath().normalize();
    if (!Files.isDirectory(place)) {
      throw new PluginException(
          ReturnCode.PREREQUISITE, place + ": not a directory; make it, or name another by --dir");
    }
    DumpDrill drill =
        new DumpDrill(
            context.configuration().settings(),
            context.variables(),
            new SystemCommandRunner(context.variables()),
            context.environment().clock(),
            place);
    Logging logging = context.startLogging();
    List<Outcome> outcomes;
    try (Shutdown shutdown = Shutdown.guard()) {
      outcomes = drill.run(all);
      shutdown.status(status(outcomes));
    } finally {
      logging.close();
    }
    print(context.out(), outcomes);
    if (outcomes.isEmpty()) {
      throw new PluginException(
          ReturnCode.PREREQUISITE,
          "No dump was made yet in the directories of the settings; run a plugin that dumps first");
    }
    return status(outcomes);
  }

  private static int status(List<Outcome> outcomes) {
    return outcomes.stream().anyMatch(Outcome::failed) ? ExitStatus.FAILURE : ExitStatus.SUCCESS;
  }

  private void print(PrintStream out, List<Outcome> outcomes) {
    if (json) {
      printJson(out, outcomes);
      return;
    }
    for (Outcome outcome : outcomes) {
      String result = outcome.result().equals("parsed") ? "" : outcome.result() + ": ";
      out.println(outcome.path() + ": " + result + outcome.text() + ".");
    }
  }

  private static void printJson(PrintStream out, List<Outcome> outcomes) {
    try (JsonWriter writer = new JsonWriter(out)) {
      writer.beginArray();
      for (Outcome outcome : outcomes) {
        writer
            .beginObject()
            .member("kind", outcome.kind())
            .member("path", outcome.path())
            .member("result", outcome.result())
            .member("text", outcome.text())
            .member("seconds", outcome.took().toSeconds())
            .endObject();
      }
      writer.endArray();
    }
  }
}
