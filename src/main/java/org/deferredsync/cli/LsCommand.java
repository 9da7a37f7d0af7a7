package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.util.Optional;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.Snapshot.NodeSink;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FilePath;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a directory held in a snapshot. */
@Command(
    name = "ls",
    sortOptions = false,
    description = {
      "Lists a file, or what a directory held, as it was in a snapshot.",
      "Each line has type and permissions, numeric owner and group, size in bytes or device, time of"
          + " change, and name; a + after the permissions tells of extended attributes."
    },
    footer = {"", "Example: deferred-sync ls /home/ann --at 3d"})
final class LsCommand extends TargetCommand {
  @Mixin private AtOption at = new AtOption();

  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Parameters(paramLabel = "PATH", arity = "0..1", description = "what to list (default: /)")
  private String path = "/";

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Snapshot snapshot = snapshot(reader, at.value(), clock);
    FilePath wanted = path(path);
    Optional<Node> node = snapshot.find(wanted);
    if (node.isEmpty()) {
      throw snapshot.missing(wanted);
    }
    sayIfOlder(snapshot, wanted);
    PrintStream out = context().out();
    if (!json) {
      list(snapshot, node.get(), child -> out.println(line(child, clock)));
      return ExitStatus.SUCCESS;
    }
    try (JsonWriter writer = new JsonWriter(out)) {
      writer.beginArray();
      list(snapshot, node.get(), child -> write(writer, child, clock));
      writer.endArray();
    }
    return ExitStatus.SUCCESS;
  }

  private static void list(Snapshot snapshot, Node node, NodeSink sink) throws IOException {
    if (node.isDirectory()) {
      snapshot.eachChild(node.path(), sink);
    } else {
      sink.take(node);
    }
  }

  private static String line(Node node, Clock clock) {
    String name = node.path().isRoot() ? "/" : Printable.of(node.path().name());
    return EntryText.columns(node.version(), clock.getZone())
        + " "
        + name
        + EntryText.suffix(node.version());
  }

  private static void write(JsonWriter writer, Node node, Clock clock) {
    writer.beginObject().member("path", node.path().toString());
    EntryText.members(writer, node.version(), clock.getZone());
    writer.endObject();
  }
}
