package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.PathHistory;
import org.deferredsync.backup.PathHistory.Stretch;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Contents.State;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What was at one path, snapshot after snapshot. */
@Command(
    name = "history",
    sortOptions = false,
    description = {
      "Shows every version of a file or directory, the newest first, and when it was absent.",
      "Each line has the snapshots, such as 3-7, in which it was so, then type and permissions,"
          + " numeric owner and group, size in bytes, time of change, and the beginning of the"
          + " SHA-256 of its bytes."
    },
    footer = {
      "",
      "Example: deferred-sync history /etc/fstab",
      "To look at a version, name its snapshot: deferred-sync cat /etc/fstab --at 7"
    })
final class HistoryCommand extends TargetCommand {
  private static final int SHORT = 12;

  @Option(names = "--json", description = "print a JSON array, with whole hashes")
  private boolean json;

  @Parameters(paramLabel = "PATH", arity = "1", description = "a file or directory")
  private String path = "";

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    FilePath wanted = path(path);
    List<Snapshot> snapshots = reader.snapshots().all();
    List<Stretch> stretches = new ArrayList<>(new PathHistory(reader, snapshots).of(wanted));
    if (stretches.stream().allMatch(stretch -> stretch.node() == null)) {
      throw new BackupException(
          BackupException.Kind.FAILURE,
          wanted + ": in no snapshot; look for its name with \"deferred-sync find NAME\"");
    }
    Collections.reverse(stretches);
    if (json) {
      printJson(stretches, clock);
    } else {
      print(stretches, clock);
    }
    return ExitStatus.SUCCESS;
  }

  private void print(List<Stretch> stretches, Clock clock) {
    PrintStream out = context().out();
    out.printf(
        "%-9s %-11s %9s %12s %-25s %s%n", "SNAPSHOTS", "MODE", "OWNER", "SIZE", "TIME", "SHA-256");
    for (Stretch stretch : stretches) {
      String snapshots = String.format("%-9s ", SnapshotRanges.text(stretch.snapshots()));
      Node node = stretch.node();
      out.println(
          snapshots
              + (node == null
                  ? "absent"
                  : EntryText.columns(node.version(), clock.getZone()).stripTrailing()
                      + stretch.content().map(HistoryCommand::text).orElse("")
                      + EntryText.suffix(node.version())));
    }
  }

  private static String text(Content content) {
    return " "
        + content.hash().toString().substring(0, SHORT)
        + (content.state() == State.GOOD ? "" : " (" + word(content) + " in the target)");
  }

  private static String word(Content content) {
    return content.state().name().toLowerCase(Locale.ROOT);
  }

  private void printJson(List<Stretch> stretches, Clock clock) {
    try (JsonWriter writer = new JsonWriter(context().out())) {
      writer.beginArray();
      for (Stretch stretch : stretches) {
        writer.beginObject().name("snapshots").beginArray();
        stretch.snapshots().forEach(writer::value);
        writer.endArray();
        Node node = stretch.node();
        writer.member("present", node != null);
        if (node != null) {
          Version version = node.version();
          EntryText.members(writer, version, clock.getZone());
          stretch
              .content()
              .ifPresent(
                  content ->
                      writer
                          .member("sha256", content.hash().toString())
                          .member("content", word(content)));
        }
        writer.endObject();
      }
      writer.endArray();
    }
  }
}
