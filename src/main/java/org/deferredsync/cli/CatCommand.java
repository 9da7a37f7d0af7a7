package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.CheckedFile;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The bytes of one file. */
@Command(
    name = "cat",
    sortOptions = false,
    description = {
      "Prints a file as it was in a snapshot.",
      "It is read and compared with its hash before the first byte is printed, so that what follows"
          + " in a pipe gets the right bytes or none; then the exit status is 1."
    },
    footer = {"", "Example: deferred-sync cat /etc/fstab --at 2026-11-20 >/tmp/fstab"})
final class CatCommand extends TargetCommand {
  @Mixin private AtOption at = new AtOption();

  @Parameters(paramLabel = "PATH", arity = "1", description = "a regular file")
  private String path = "";

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Snapshot snapshot = snapshot(reader, at.value(), clock);
    FilePath wanted = path(path);
    sayIfOlder(snapshot, wanted);
    PrintStream out = context().out();
    new CheckedFile(snapshot, clock, LoggerFactory.getLogger("cat"))
        .read(
            wanted,
            (buffer, length) -> {
              out.write(buffer, 0, length);
              if (out.checkError()) {
                throw new IOException("standard output could not be written");
              }
            });
    return ExitStatus.SUCCESS;
  }
}
