package org.deferredsync.cli;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a directory held in a snapshot. */
@Command(
    name = "ls",
    sortOptions = false,
    description = "Lists a file or directory as it was in a snapshot.")
final class LsCommand extends TargetCommand {
  @Option(
      names = "--at",
      paramLabel = "TIME",
      description =
          "latest (default), the id of a snapshot, an age such as 3d or 12h, or a local date or"
              + " date and time; the last snapshot at or before it is taken")
  private @Nullable String at;

  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Parameters(paramLabel = "PATH", arity = "0..1", description = "what to list (default: /)")
  private String path = "/";

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Snapshot snapshot = snapshot(reader, at, clock);
    var wanted = path(path);
    Optional<Node> node = snapshot.find(wanted);
    if (node.isEmpty()) {
      throw snapshot.missing(wanted);
    }
    List<Node> nodes = node.get().isDirectory() ? snapshot.children(wanted) : List.of(node.get());
    if (json) {
      printJson(nodes, clock);
    } else {
      for (Node child : nodes) {
        context().out().println(line(child, clock));
      }
    }
    return ExitStatus.SUCCESS;
  }

  private static String line(Node node, Clock clock) {
    Version version = node.version();
    String name = node.path().isRoot() ? "/" : Printable.of(node.path().name());
    if (version == null) {
      return String.format("%-10s %9s %12s %-25s %s", "d---------", "", "", "", name);
    }
    String link = version.linkTarget() == null ? "" : " -> " + Printable.of(version.linkTarget());
    return String.format(
        "%-10s %9s %12d %-25s %s%s",
        Modes.text(version),
        Integer.toUnsignedString(version.uid()) + ":" + Integer.toUnsignedString(version.gid()),
        version.size(),
        Times.text(Times.ofNanos(version.mtimeNs()), clock.getZone()),
        name,
        link);
  }

  private void printJson(List<Node> nodes, Clock clock) {
    try (JsonWriter writer = new JsonWriter(context().out())) {
      writer.beginArray();
      for (Node node : nodes) {
        writer.beginObject();
        writer.member("path", node.path().toString());
        writer.member("type", node.type().name().toLowerCase(java.util.Locale.ROOT));
        Version version = node.version();
        if (version != null) {
          writer.member("mode", String.format("%04o", version.permissions()));
          writer.member("uid", Integer.toUnsignedLong(version.uid()));
          writer.member("gid", Integer.toUnsignedLong(version.gid()));
          writer.member("time", Times.text(Times.ofNanos(version.mtimeNs()), clock.getZone()));
          if (version.type() == FileType.FILE) {
            writer.member("bytes", version.size());
          }
          if (version.linkTarget() != null) {
            writer.member("target", Printable.of(version.linkTarget()));
          }
        }
        writer.endObject();
      }
      writer.endArray();
    }
  }
}
