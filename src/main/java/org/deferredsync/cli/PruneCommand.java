package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.time.ZoneId;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.Prune;
import org.deferredsync.backup.Prune.Removal;
import org.deferredsync.backup.Prune.Report;
import org.deferredsync.backup.Prune.SourceDecisions;
import org.deferredsync.backup.Retention;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Retention without a run. */
@Command(
    name = "prune",
    sortOptions = false,
    description = {
      "Deletes the points in time that EXPIREDAYS and the KEEP settings do not keep, and says of"
          + " each why it stays or goes. A run does the same after it has backed up a source.",
      "With --source, removes a directory that is not in BACKUPDIRS any more from the target: its"
          + " points in time and its mirror."
    })
final class PruneCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-n", "--dry-run"},
      description = "delete nothing; say what would be deleted")
  private boolean dryRun;

  @Option(
      names = "--source",
      paramLabel = "PATH",
      description = "remove this retired source, with the last copies that there are of its files")
  private @Nullable String source;

  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    DeferredSync context = requireNonNull(parent);
    Settings settings = context.configuration().settings();
    FilePath target = BackupSettings.target(settings);
    Set<FilePath> configured = BackupSettings.sources(settings);
    Function<FilePath, Retention> retention = BackupSettings.retentions(settings);
    Engine engine =
        Engine.ofSystem(
            context.environment().clock(),
            Engine.stateDirectory(context.variables()),
            Progress.NONE);
    Logging logging = context.startLogging();
    try {
      Logger log = LoggerFactory.getLogger("prune");
      Prune prune = new Prune(engine, target, configured, context.runCommand(), log);
      if (source != null) {
        FilePath path = path(context, source);
        print(path, dryRun ? prune.previewRemoval(path) : prune.remove(path));
      } else {
        print(dryRun ? prune.preview(retention) : prune.run(retention), engine.clock().getZone());
      }
    } finally {
      logging.close();
    }
    return ExitStatus.SUCCESS;
  }

  private FilePath path(DeferredSync context, String argument) {
    try {
      return FilePath.normalized(context.rawArguments().take(argument));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          requireNonNull(spec).commandLine(),
          "--source: " + e.getMessage() + ": write the path from / on, without ..");
    }
  }

  private void print(Report report, ZoneId zone) {
    if (json) {
      printJson(report, zone);
      return;
    }
    PrintStream out = requireNonNull(parent).out();
    boolean may = report.hindrance().isEmpty();
    long expired = 0;
    for (SourceDecisions source : report.sources()) {
      out.println(source.source() + (source.retired() ? " (retired)" : ""));
      for (Decision decision : source.decisions()) {
        boolean keep = decision.keep();
        expired += keep ? 0 : 1;
        out.printf(
            "%6d  %s  %-8s  %s: %s%n",
            decision.run().id(),
            Times.text(decision.run().started(), zone),
            state(decision, source.source()),
            keep ? "kept" : dryRun || !may ? "would expire" : "expired",
            decision.reason());
      }
    }
    if (!may) {
      out.println("Nothing expires: " + report.hindrance() + ".");
    } else if (expired == 0) {
      out.println("Nothing " + (dryRun ? "would expire." : "to expire."));
    } else if (!dryRun) {
      out.println(
          expired
              + " expired, "
              + Quantity.of(report.deleted(), "file")
              + " of the history deleted.");
    }
  }

  private static String state(Decision decision, FilePath source) {
    for (RunSource of : decision.run().sources()) {
      if (of.source().equals(source)) {
        return of.state().word();
      }
    }
    throw new IllegalArgumentException("run " + decision.run().id() + " is not of " + source);
  }

  private void printJson(Report report, ZoneId zone) {
    try (JsonWriter writer = new JsonWriter(requireNonNull(parent).out())) {
      writer.beginObject().member("dryRun", dryRun);
      writer.member("hindrance", report.hindrance()).member("deleted", report.deleted());
      writer.name("sources").beginArray();
      for (SourceDecisions source : report.sources()) {
        writer.beginObject();
        writer.member("source", source.source().toString()).member("retired", source.retired());
        writer.name("snapshots").beginArray();
        for (Decision decision : source.decisions()) {
          writer
              .beginObject()
              .member("id", decision.run().id())
              .member("time", Times.text(decision.run().started(), zone))
              .member("state", state(decision, source.source()))
              .member("keep", decision.keep())
              .member("reason", decision.reason())
              .endObject();
        }
        writer.endArray().endObject();
      }
      writer.endArray().endObject();
    }
  }

  private void print(FilePath path, Removal removal) {
    PrintStream out = requireNonNull(parent).out();
    FilePath around = removal.mirrorStays();
    if (json) {
      try (JsonWriter writer = new JsonWriter(out)) {
        writer.beginObject().member("dryRun", dryRun).member("source", path.toString());
        writer.member("snapshots", removal.snapshots());
        writer.member("entries", removal.entries());
        writer.member("deleted", removal.deleted()).member("staying", removal.staying());
        writer.name("mirrorOf");
        if (around == null) {
          writer.nullValue();
        } else {
          writer.value(around.toString());
        }
        writer.endObject();
      }
      return;
    }
    String mirror =
        around == null
            ? "the mirror's " + files(removal.entries()) + " of it"
            : "not its mirror, which is part of " + around;
    out.println(
        path
            + (dryRun ? ": would be removed: " : ": removed: ")
            + Quantity.of(removal.snapshots(), "point in time", "points in time")
            + ", and "
            + mirror
            + (dryRun ? "." : "; " + files(removal.deleted()) + " deleted."));
    if (removal.staying() > 0) {
      out.println(
          Quantity.of(removal.staying(), "stays", "stay")
              + " until the points in time of other sources that need "
              + (removal.staying() == 1 ? "it" : "them")
              + " expire; prune again then.");
    }
  }

  private static String files(long number) {
    return Quantity.of(number, "file or directory", "files and directories");
  }
}
