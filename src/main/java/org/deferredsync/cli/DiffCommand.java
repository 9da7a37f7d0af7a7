package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Difference;
import org.deferredsync.backup.Difference.Change;
import org.deferredsync.backup.Difference.Kind;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.Snapshots;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What changed from one snapshot to another. */
@Command(
    name = "diff",
    sortOptions = false,
    synopsisHeading = "Usage: ",
    customSynopsis = "deferred-sync diff [OPTIONS] TIME [TIME] [PATH]",
    description = {
      "Lists what differs from one snapshot to another, or to the latest.",
      "Each line has a path and before it + for added, - for removed, M for other bytes, m for other"
          + " metadata or links, T for another type. The exit status is 0 whether or not there are differences."
    },
    footer = {
      "",
      "Example: deferred-sync diff 3d /etc",
      "To look at one path more closely: deferred-sync history PATH"
    })
final class DiffCommand extends TargetCommand {
  @Option(names = "--json", description = "print a JSON array, with what was and what is")
  private boolean json;

  @Parameters(
      paramLabel = "TIME [TIME] [PATH]",
      arity = "1..3",
      hideParamSyntax = true,
      description =
          "TIME is latest, the id of a snapshot, an age such as 3d or 12h, or a local date or date"
              + " and time; the last snapshot at or before it is taken. What has a slash in it is a"
              + " PATH: only what lies there is compared")
  private List<String> arguments = List.of();

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    boolean hasPath = arguments.get(arguments.size() - 1).contains("/");
    List<String> times = arguments.subList(0, arguments.size() - (hasPath ? 1 : 0));
    if (times.isEmpty() || times.size() > 2) {
      throw usage(
          "give one or two times"
              + (times.isEmpty() ? "" : ", and a path with a slash in it, such as ./name"));
    }
    FilePath top = hasPath ? path(arguments.get(arguments.size() - 1)) : FilePath.ROOT;
    Snapshots snapshots = reader.snapshots();
    Snapshot from = snapshots.at(point("TIME", times.get(0)), clock.instant(), clock.getZone());
    Snapshot to =
        snapshots.at(
            point("TIME", times.size() == 1 ? null : times.get(1)),
            clock.instant(),
            clock.getZone());
    say("From snapshot " + named(from, clock) + " to " + named(to, clock) + ".");
    Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    Difference difference = new Difference(from, to);
    if (json) {
      try (JsonWriter writer = new JsonWriter(context().out())) {
        writer.beginArray();
        difference.each(
            top,
            (path, change) -> {
              counts.merge(change.kind(), 1L, Long::sum);
              write(writer, path, change, clock.getZone());
            });
        writer.endArray();
      }
    } else {
      PrintStream out = context().out();
      difference.each(
          top,
          (path, change) -> {
            counts.merge(change.kind(), 1L, Long::sum);
            out.println(change.kind().letter() + " " + path);
          });
    }
    say(summary(counts));
    return ExitStatus.SUCCESS;
  }

  private static String summary(Map<Kind, Long> counts) {
    return counts.isEmpty()
        ? "No difference."
        : String.format(
            Locale.ROOT,
            "%d added, %d removed, %d with other bytes, %d with other metadata, %d of another type.",
            counts.getOrDefault(Kind.ADDED, 0L),
            counts.getOrDefault(Kind.REMOVED, 0L),
            counts.getOrDefault(Kind.CONTENT, 0L),
            counts.getOrDefault(Kind.METADATA, 0L),
            counts.getOrDefault(Kind.TYPE, 0L));
  }

  private static void write(JsonWriter writer, FilePath path, Change change, ZoneId zone) {
    writer
        .beginObject()
        .member("path", path.toString())
        .member("change", change.kind().name().toLowerCase(Locale.ROOT));
    write(writer, "before", change.before(), zone);
    write(writer, "after", change.after(), zone);
    writer.endObject();
  }

  private static void write(
      JsonWriter writer, String name, @Nullable Version version, ZoneId zone) {
    if (version != null) {
      writer.name(name).beginObject();
      EntryText.members(writer, version, zone);
      writer.endObject();
    }
  }
}
