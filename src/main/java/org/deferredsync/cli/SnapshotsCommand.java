package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Run;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The restore points of the target. */
@Command(
    name = "snapshots",
    sortOptions = false,
    description = "Lists the points in time that can be restored, oldest first.")
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
        "%5s  %-25s  %-11s  %9s  %10s  %s%n", "ID", "TIME", "STATE", "FILES", "SIZE", "CHANGES");
    for (Run run : runs) {
      Counts counts = run.counts();
      out.printf(
          "%5d  %-25s  %-11s  %9d  %10s  +%d ~%d m%d -%d%n",
          run.id(),
          Times.text(run.started(), clock.getZone()),
          run.state().word(),
          counts.files(),
          Sizes.text(counts.bytes()),
          counts.added(),
          counts.changed(),
          counts.metadata(),
          counts.removed());
    }
    out.println("Changes: + added, ~ other bytes, m other metadata, - removed.");
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
            .member("state", run.state().word())
            .member("files", counts.files())
            .member("directories", counts.directories())
            .member("bytes", counts.bytes())
            .member("added", counts.added())
            .member("changed", counts.changed())
            .member("metadata", counts.metadata())
            .member("removed", counts.removed())
            .endObject();
      }
      writer.endArray();
    }
  }
}
