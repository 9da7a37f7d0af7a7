package org.deferredsync.cli;

import java.io.IOException;
import java.time.Clock;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.backup.Verifier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Proves that what was stored is still there. */
@Command(
    name = "verify",
    sortOptions = false,
    description = {
      "Reads every stored file, of the mirror and of all increments, and compares it with its hash.",
      "Exit status: 0 if all is there, 1 if anything is damaged or missing."
    })
final class VerifyCommand extends TargetCommand {
  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  int look(TargetReader reader, Clock clock) throws IOException {
    Verifier.Result result =
        new Verifier(reader, clock, LoggerFactory.getLogger("verify")).verify();
    if (json) {
      try (JsonWriter writer = new JsonWriter(context().out())) {
        writer
            .beginObject()
            .member("files", result.contents())
            .member("bytes", result.bytes())
            .member("damaged", result.damaged())
            .member("missing", result.missing())
            .member("unknown", result.unknown())
            .endObject();
      }
    } else {
      context()
          .out()
          .printf(
              "%d files read, %s: %d damaged, %d missing, %d unknown.%n",
              result.contents(),
              Sizes.text(result.bytes()),
              result.damaged(),
              result.missing(),
              result.unknown());
    }
    return result.good() ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }
}
