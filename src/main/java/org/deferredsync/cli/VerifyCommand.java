package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.BackupRequest;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.Verification;
import org.deferredsync.backup.Verifier;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Proves that what was stored is still there, and brings back what is not. */
@Command(
    name = "verify",
    sortOptions = false,
    description = {
      "Checks the catalogue and its manifests, reads every stored file, of the mirror and of all increments, and"
          + " compares it with its hash; names what is damaged, missing or unknown. What was read is"
          + " noted in the catalogue.",
      "With --repair, runs a backup that stores again what is damaged or missing and the sources"
          + " still have; the damaged file moves to the run's increment. Older versions whose bytes"
          + " another stored file has get them from there. What is unknown stays where it is.",
      "Exit status: 0 if all is there, or there again; 1 if anything is damaged or missing."
    })
final class VerifyCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--percent",
      paramLabel = "N",
      description =
          "read only so much, 1 to 100, of the files and their bytes: those read longest ago;"
              + " names are looked at all the same")
  private int percent = Verifier.ALL;

  @Option(names = "--repair", description = "bring back what the sources still have")
  private boolean repair;

  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    if (percent < 1 || percent > Verifier.ALL) {
      throw new ParameterException(
          requireNonNull(spec).commandLine(), "--percent: " + percent + " is not from 1 to 100");
    }
    DeferredSync context = requireNonNull(parent);
    Settings settings = context.configuration().settings();
    FilePath target = BackupSettings.target(settings);
    Engine engine =
        Engine.ofSystem(
            context.environment().clock(),
            Engine.stateDirectory(context.variables()),
            context.progress());
    Logging logging = context.startLogging();
    try {
      Logger log = LoggerFactory.getLogger("verify");
      Verification verification = new Verification(engine, target, log);
      if (repair) {
        List<String> warnings = new ArrayList<>();
        BackupRequest request =
            BackupSettings.request(
                settings, context.trust(), Set.of(), context.runCommand(), warnings);
        warnings.forEach(log::warn);
        Verification.Repaired repaired = verification.repair(request, percent);
        print(repaired.found(), repaired);
        return repaired.good() ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
      }
      Verifier.Result result = verification.verify(percent);
      print(result, null);
      return result.good() ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
    } finally {
      logging.close();
    }
  }

  private void print(Verifier.Result result, Verification.@Nullable Repaired repaired) {
    PrintStream out = requireNonNull(parent).out();
    if (json) {
      printJson(out, result, repaired);
      return;
    }
    if (result.catalogue() > 0) {
      out.println("The catalogue is damaged; \"deferred-sync rebuild\" makes a new one.");
      return;
    }
    out.printf(
        "%s read, %s: %d damaged, %d missing, %d unknown.%n",
        Quantity.of(result.contents(), "file"),
        Sizes.text(result.bytes()),
        result.damaged(),
        result.missing(),
        result.unknown());
    if (repaired != null) {
      out.printf(
          "%d repaired, %d lost, %s of the mirror still wrong.%n",
          repaired.repaired(), repaired.lost(), Quantity.of(repaired.left(), "name"));
    } else if (result.damaged() + result.missing() > 0) {
      out.println("\"deferred-sync verify --repair\" brings back what the sources still have.");
    }
  }

  private static void printJson(
      PrintStream out, Verifier.Result result, Verification.@Nullable Repaired repaired) {
    try (JsonWriter writer = new JsonWriter(out)) {
      writer
          .beginObject()
          .member("files", result.contents())
          .member("bytes", result.bytes())
          .member("damaged", result.damaged())
          .member("missing", result.missing())
          .member("unknown", result.unknown())
          .member("catalogue", result.catalogue());
      if (repaired != null) {
        writer
            .member("repaired", repaired.repaired())
            .member("lost", repaired.lost())
            .member("left", repaired.left());
      }
      writer.endObject();
    }
  }
}
