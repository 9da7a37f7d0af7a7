package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The restore points of the target. */
@Command(
    name = "snapshots",
    sortOptions = false,
    description = {
      "Lists the points in time that can be restored, oldest first.",
      "The state says of which sources the run is complete. One that it held, and so did not touch,"
          + " is in the snapshot as it was in the last one before that has it; partial means that the"
          + " log of that run names what is older."
    },
    footer = {"", "Example: deferred-sync snapshots --json"})
final class SnapshotsCommand extends TargetCommand {
  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Override
  int look(TargetReader reader, Clock clock) throws IOException {
    List<Run> runs = reader.snapshots().list();
    if (json) {
      printJson(runs, clock);
    } else {
      print(runs, clock);
    }
    return ExitStatus.SUCCESS;
  }

  private void print(List<Run> runs, Clock clock) {
    PrintStream out = context().out();
    if (runs.isEmpty()) {
      out.println("No snapshot yet.");
      return;
    }
    out.printf(
        "%5s  %-25s  %9s  %10s  %-20s  %s%n", "ID", "TIME", "FILES", "SIZE", "CHANGES", "STATE");
    for (Run run : runs) {
      Counts counts = run.counts();
      out.printf(
          "%5d  %-25s  %9d  %10s  %-20s  %s%n",
          run.id(),
          Times.text(run.started(), clock.getZone()),
          counts.files(),
          Sizes.text(counts.bytes()),
          changes(counts),
          state(run));
    }
    say("Changes: + added, > moved, M other bytes, m other metadata, - removed.");
  }

  private static String changes(Counts counts) {
    return "+"
        + counts.added()
        + (counts.moved() == 0 ? "" : " >" + counts.moved())
        + " M"
        + counts.changed()
        + " m"
        + counts.metadata()
        + " -"
        + counts.removed();
  }

  /** One word if it is true of all sources, else each other state with its sources. */
  static String state(Run run) {
    SourceState state = run.state();
    boolean expired = run.sources().stream().anyMatch(RunSource::expired);
    if (!expired && run.sources().stream().allMatch(source -> source.state() == state)) {
      return state.word();
    }
    List<String> parts = new ArrayList<>();
    for (SourceState each : SourceState.values()) {
      add(parts, each.word(), run, source -> source.state() == each && !source.expired());
    }
    add(parts, "expired", run, RunSource::expired);
    return String.join("; ", parts);
  }

  private static void add(
      List<String> parts, String word, Run run, Predicate<RunSource> predicate) {
    List<String> sources =
        run.sources().stream().filter(predicate).map(source -> source.source().toString()).toList();
    if (!sources.isEmpty()) {
      parts.add(word + ": " + String.join(" ", sources));
    }
  }

  private void printJson(List<Run> runs, Clock clock) {
    try (JsonWriter writer = new JsonWriter(context().out())) {
      writer.beginArray();
      for (Run run : runs) {
        Counts counts = run.counts();
        writer
            .beginObject()
            .member("id", run.id())
            .member("time", Times.text(run.started(), clock.getZone()))
            .member("state", run.state().word());
        write(writer, counts);
        writer.name("sources").beginArray();
        for (RunSource source : run.sources()) {
          writer
              .beginObject()
              .member("path", source.source().toString())
              .member("state", source.state().word())
              .member("reason", source.reason())
              .member("expired", source.expired())
              .name("holds")
              .beginArray();
          for (Hold hold : source.holds()) {
            writer.beginObject().member("kind", hold.kind().word());
            writer.member("count", hold.count()).member("of", hold.of()).endObject();
          }
          writer.endArray();
          write(writer, source.counts());
          writer.endObject();
        }
        writer.endArray().endObject();
      }
      writer.endArray();
    }
  }

  private static void write(JsonWriter writer, Counts counts) {
    writer
        .member("files", counts.files())
        .member("directories", counts.directories())
        .member("bytes", counts.bytes())
        .member("added", counts.added())
        .member("moved", counts.moved())
        .member("changed", counts.changed())
        .member("metadata", counts.metadata())
        .member("removed", counts.removed());
  }
}
