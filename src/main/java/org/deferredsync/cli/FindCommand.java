package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Finder;
import org.deferredsync.backup.Finder.Found;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.config.Glob;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Where something was, and when. */
@Command(
    name = "find",
    sortOptions = false,
    description = {
      "Finds files and directories by name in all snapshots, or in one with --at.",
      "Each line has the snapshots in which the path was there, such as 3-7,9, and then, as in the"
          + " newest of them: type and permissions, numeric owner and group, size in bytes, time of"
          + " change, and path."
    },
    footer = {"", "Example: deferred-sync find 'thesis*.odt'"})
final class FindCommand extends TargetCommand {
  @Option(
      names = "--at",
      paramLabel = "TIME",
      description =
          "latest, the id of a snapshot, an age such as 3d or 12h, or a local date or date and time;"
              + " the last snapshot at or before it is taken (default: all snapshots)")
  private @Nullable String at;

  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Parameters(
      paramLabel = "PATTERN",
      arity = "1",
      description =
          "a name with * and ? and [a-z], best in quotes; one with a slash is about the whole path,"
              + " from / on or from any directory on, and ** in it crosses slashes; a slash at the"
              + " end means directories only")
  private String pattern = "";

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Glob glob =
        Glob.of(context().rawArguments().take(pattern))
            .orElseThrow(
                () ->
                    usage(
                        "PATTERN: nothing can match it: "
                            + (pattern.matches("/*")
                                ? "it has no name"
                                : "write \\[ or \\\\ for the character")));
    List<Snapshot> snapshots =
        at == null ? reader.snapshots().all() : List.of(snapshot(reader, at, clock));
    List<Long> ids = snapshots.stream().map(each -> each.run().id()).toList();
    FilePath top = glob.top().length == 0 ? FilePath.ROOT : FilePath.normalized(glob.top());
    Finder finder = new Finder(reader, snapshots);
    long[] count = new long[1];
    Finder.Sink counted = (path, found) -> count[0] += 1;
    if (json) {
      try (JsonWriter writer = new JsonWriter(context().out())) {
        writer.beginArray();
        find(finder, top, glob, counted, (path, found) -> write(writer, path, found, ids, clock));
        writer.endArray();
      }
    } else {
      PrintStream out = context().out();
      ZoneId zone = clock.getZone();
      find(finder, top, glob, counted, (path, found) -> out.println(line(path, found, ids, zone)));
    }
    if (count[0] == 0) {
      say("Nothing like that " + (at == null ? "in any snapshot." : "in that snapshot."));
    }
    return ExitStatus.SUCCESS;
  }

  private static void find(
      Finder finder, FilePath top, Glob glob, Finder.Sink counted, Finder.Sink sink)
      throws IOException {
    finder.find(
        top,
        directory -> names(glob, directory),
        (path, found) -> {
          if (!glob.isOfDirectories() || found.version().type() == FileType.DIRECTORY) {
            counted.take(path, found);
            sink.take(path, found);
          }
        });
  }

  private static Predicate<byte[]> names(Glob glob, FilePath directory) {
    return glob.isOfPath() ? name -> glob.matches(directory.child(name).bytes()) : glob::matches;
  }

  private static String line(FilePath path, Found found, List<Long> ids, ZoneId zone) {
    String snapshots = SnapshotRanges.text(ids, found.snapshots());
    return snapshots
        + " ".repeat(1 + Math.max(0, 9 - snapshots.length()))
        + EntryText.columns(found.version(), zone)
        + " "
        + path
        + EntryText.suffix(found.version());
  }

  private static void write(
      JsonWriter writer, FilePath path, Found found, List<Long> ids, Clock clock) {
    writer.beginObject().member("path", path.toString());
    EntryText.members(writer, found.version(), clock.getZone());
    writer.name("snapshots").beginArray();
    for (int snapshot : found.snapshots()) {
      writer.value(ids.get(snapshot));
    }
    writer.endArray().endObject();
  }
}
