package org.deferredsync.cli;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Restorer;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings files back. */
@Command(
    name = "restore",
    sortOptions = false,
    description = {
      "Brings files and directories back as they were in a snapshot, each checked against its hash.",
      "A single PATH becomes DIR/<its last name>, several become DIR/<their full paths>."
    })
final class RestoreCommand extends TargetCommand {
  @Option(
      names = "--at",
      paramLabel = "TIME",
      description =
          "latest (default), the id of a snapshot, an age such as 3d or 12h, or a local date or"
              + " date and time; the last snapshot at or before it is taken")
  private @Nullable String at;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      required = true,
      description = "where to: a new or an empty directory")
  private String to = "";

  @Parameters(paramLabel = "PATH", arity = "1..*", description = "what to restore")
  private List<String> paths = List.of();

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Snapshot snapshot = snapshot(reader, at == null ? "latest" : at, clock);
    List<FilePath> wanted = new ArrayList<>();
    for (String path : paths) {
      wanted.add(path(path));
    }
    FilePath destination = path(to);
    for (FilePath path : wanted) {
      snapshot
          .sourceOf(path)
          .ifPresent(
              source -> {
                if (source.run() != snapshot.run().id()) {
                  context()
                      .err()
                      .println(
                          source.path()
                              + ": not in that run; taken from snapshot "
                              + source.run()
                              + ".");
                }
                if (source.state() == SourceState.PARTIAL) {
                  context().err().println(source.path() + ": partial: " + source.reason() + ".");
                }
              });
    }
    Restorer.Result result =
        new Restorer(snapshot, clock, LoggerFactory.getLogger("restore"))
            .restore(wanted, destination);
    context()
        .err()
        .println(
            "Restored "
                + result.files()
                + " files in "
                + result.directories()
                + " directories, "
                + Sizes.text(result.bytes())
                + ", all checked, to "
                + destination
                + (result.failed() == 0 ? "." : "; " + result.failed() + " paths failed."));
    return result.failed() == 0 ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }
}
