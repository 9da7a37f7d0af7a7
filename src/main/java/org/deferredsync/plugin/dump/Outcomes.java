package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.time.Clock;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.plugin.dump.DumpRecord.Failure;
import org.slf4j.Logger;

/**
 * What became of the dumps of one plugin in one run: whatever was not dumped is told, is a reason
 * of the job's verdict, and counts in the plugin's code; and what is known of each dump is kept for
 * status and drill.
 */
final class Outcomes {
  private final PluginContext context;
  private final Logger log;
  private final Clock clock;
  private final DumpDirectory directory;
  private final KnownDumps known;
  private ReturnCode code = ReturnCode.SUCCESS;

  Outcomes(PluginContext context, DumpDirectory directory, KnownDumps known) {
    this.context = context;
    this.log = context.log();
    this.clock = context.clock();
    this.directory = directory;
    this.known = known;
  }

  /** The first code that was not success. */
  ReturnCode code() {
    return code;
  }

  /** A thing that can have no dump, whatever is done to it. */
  void refuse(ReturnCode why, String message) {
    log.warn("{}", message);
    context.reasons().accept(message);
    code = code.or(why);
  }

  /** A thing that cannot be dumped for want of what its operator must provide. */
  void refuse(DumpName name, ReturnCode why, String message) {
    remember(name, message);
    refuse(why, message);
  }

  /** A dump that is made is one, also where that cannot be written down. */
  void keep(DumpRecord record) {
    try {
      known.write(record);
    } catch (IOException e) {
      String message =
          record.path()
              + " is dumped, but that cannot be written down for status and drill: "
              + Printable.of(String.valueOf(e.getMessage()));
      log.error("{}", message);
      context.reasons().accept(message);
      code = code.or(ReturnCode.FAILURE);
    }
  }

  /** A dump that failed; the file at {@code path} is the last good one, or none. */
  void fail(DumpName name, ReturnCode why, String path, String reason) {
    String end = reason.endsWith(".") || reason.endsWith("…") ? "" : ".";
    String message = path + ": not dumped: " + reason + end;
    log.error("{}{}", message, remember(name, reason));
    context.reasons().accept(message);
    code = code.or(why);
  }

  /** Writes a failure down; answers what there is all the same, in a sentence. */
  private String remember(DumpName name, String reason) {
    known.attempt(name);
    String stays = "";
    try {
      DumpRecord before = known.of(name);
      Dumped last = before.dump();
      if (last != null) {
        stays =
            " The last good one, of "
                + last.written().atZone(clock.getZone()).toOffsetDateTime().withNano(0)
                + (directory.seemsToHold(last.file(), last.fileBytes())
                    ? ", stays."
                    : ", is not there any more.");
      }
      if (!context.dryRun()) {
        known.write(before.with(new Failure(clock.instant(), reason)));
      }
    } catch (IOException e) {
      log.warn("What is known of the dump cannot be kept: {}", e.getMessage());
    }
    return stays;
  }
}
