package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupRequest;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.Forecast;
import org.deferredsync.backup.Forecast.Addition;
import org.deferredsync.backup.Forecast.Expiring;
import org.deferredsync.backup.Forecast.Removal;
import org.deferredsync.backup.Preview;
import org.deferredsync.backup.Room;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.Source;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What the next backup would do. */
@Command(
    name = "plan",
    sortOptions = false,
    description = {
      "Says what a backup would do now: how much of each source is new, changed and gone, the"
          + " largest changes, what would expire, and whether there is room. Writes nothing.",
      "Exit status: as the backup's would be."
    })
final class PlanCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;

  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    DeferredSync context = requireNonNull(parent);
    Logging logging = context.startLogging();
    try {
      Logger log = LoggerFactory.getLogger("plan");
      List<String> warnings = new ArrayList<>();
      BackupRequest request =
          BackupSettings.request(
              context.configuration().settings(),
              context.trust(),
              Set.of(),
              context.runCommand(),
              warnings);
      warnings.forEach(log::warn);
      Engine engine =
          Engine.ofSystem(
              context.environment().clock(),
              Engine.stateDirectory(context.variables()),
              context.progress());
      Preview preview = new Preview(engine, request, log);
      Forecast forecast = preview.forecast();
      if (json) {
        printJson(forecast, request);
      } else {
        print(forecast, request);
      }
      Optional<String> shortage = forecast.room().shortage();
      if (shortage.isPresent()) {
        throw preview.refusal(shortage.get());
      }
      return switch (forecast.report().verdict()) {
        case GOOD -> ExitStatus.SUCCESS;
        case FAILED -> ExitStatus.FAILURE;
        case PREREQUISITE -> ExitStatus.PREREQUISITE;
      };
    } finally {
      logging.close();
    }
  }

  private void print(Forecast forecast, BackupRequest request) {
    PrintStream out = requireNonNull(parent).out();
    for (SourceReport source : forecast.report().sources()) {
      out.println(line(source.result()));
    }
    for (Source source : request.sources()) {
      if (!source.omissions().describe().isEmpty()) {
        out.println(
            source.path() + ": besides EXCLUDEFILE, leaves out " + source.omissions().describe());
      }
    }
    if (!forecast.additions().isEmpty()) {
      out.println("Largest to be copied:");
    }
    for (Addition addition : forecast.additions()) {
      out.printf("%12s  %s%n", Sizes.text(addition.bytes()), addition.path());
    }
    print("Most to be removed:", forecast.removals());
    print("Most gone of what is held:", forecast.missing());
    if (!forecast.hindrance().isEmpty()) {
      out.println("Nothing would expire: " + forecast.hindrance() + ".");
    } else if (!forecast.expiring().isEmpty()) {
      out.println("Would expire:");
    }
    for (Expiring expiring : forecast.expiring()) {
      out.printf("%12d  %s: %s%n", expiring.run(), expiring.source(), expiring.reason());
    }
    Room room = forecast.room();
    out.println(
        "Room: "
            + Sizes.text(room.neededBytes())
            + " needed at most, "
            + Sizes.text(room.freeBytes())
            + " free.");
  }

  private void print(String heading, List<Removal> removals) {
    PrintStream out = requireNonNull(parent).out();
    if (!removals.isEmpty()) {
      out.println(heading);
    }
    for (Removal removal : removals) {
      out.printf("%12d  %s (%s)%n", removal.entries(), removal.path(), Sizes.text(removal.bytes()));
    }
  }

  private static String omissions(BackupRequest request, FilePath path) {
    return request.sources().stream()
        .filter(source -> source.path().equals(path))
        .map(source -> source.omissions().describe())
        .findFirst()
        .orElse("");
  }

  private static String line(RunSource source) {
    if (source.state() == SourceState.HELD) {
      return source.source() + ": held: " + source.reason();
    }
    Counts counts = source.counts();
    return source.source()
        + ": "
        + counts.added()
        + " added, "
        + (counts.moved() == 0 ? "" : counts.moved() + " moved, ")
        + counts.changed()
        + " changed, "
        + counts.metadata()
        + " with new metadata, "
        + counts.removed()
        + " removed; "
        + Sizes.text(counts.copiedBytes())
        + " to copy; "
        + Quantity.of(counts.files(), "file")
        + " in "
        + Quantity.of(counts.directories(), "directory", "directories")
        + ", "
        + Sizes.text(counts.bytes())
        + (source.reason().isEmpty() ? "" : "; " + source.state().word() + ": " + source.reason());
  }

  private void printJson(Forecast forecast, BackupRequest request) {
    try (JsonWriter writer = new JsonWriter(requireNonNull(parent).out())) {
      writer.beginObject().name("sources").beginArray();
      for (SourceReport each : forecast.report().sources()) {
        RunSource source = each.result();
        Counts counts = source.counts();
        writer
            .beginObject()
            .member("source", source.source().toString())
            .member("state", source.state().word())
            .member("reason", source.reason())
            .member("files", counts.files())
            .member("directories", counts.directories())
            .member("bytes", counts.bytes())
            .member("added", counts.added())
            .member("moved", counts.moved())
            .member("changed", counts.changed())
            .member("metadata", counts.metadata())
            .member("removed", counts.removed())
            .member("copiedBytes", counts.copiedBytes())
            .member("leavesOut", omissions(request, source.source()))
            .endObject();
      }
      writer.endArray().name("additions").beginArray();
      for (Addition addition : forecast.additions()) {
        writer.beginObject().member("path", addition.path().toString());
        writer.member("bytes", addition.bytes()).endObject();
      }
      writer.endArray();
      printJson(writer, "removals", forecast.removals());
      printJson(writer, "missing", forecast.missing());
      writer.member("hindrance", forecast.hindrance()).name("expiring").beginArray();
      for (Expiring expiring : forecast.expiring()) {
        writer.beginObject().member("source", expiring.source().toString());
        writer.member("snapshot", expiring.run()).member("reason", expiring.reason()).endObject();
      }
      Room room = forecast.room();
      writer
          .endArray()
          .name("room")
          .beginObject()
          .member("neededBytes", room.neededBytes())
          .member("freeBytes", room.freeBytes())
          .member("neededFiles", room.neededFiles())
          .member("freeFiles", room.freeFiles())
          .endObject()
          .endObject();
    }
  }

  private static void printJson(JsonWriter writer, String name, List<Removal> removals) {
    writer.name(name).beginArray();
    for (Removal removal : removals) {
      writer.beginObject().member("path", removal.path().toString());
      writer.member("entries", removal.entries()).member("bytes", removal.bytes()).endObject();
    }
    writer.endArray();
  }
}
