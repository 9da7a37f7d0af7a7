package org.deferredsync.process;

import java.time.Duration;
import java.util.List;
import org.deferredsync.logging.Printable;

/**
 * What became of a command.
 *
 * @param leftovers the processes it left behind, named for people; they have been ended
 * @param elapsed how long it ran
 */
public record CommandResult(Ending ending, List<String> leftovers, Duration elapsed) {
  public CommandResult {
    leftovers = List.copyOf(leftovers);
  }

  /** Whether it ended with status 0. */
  public boolean succeeded() {
    return ending instanceof Ending.Exited exited && exited.status() == 0;
  }

  /** Whether it ran at all. */
  public boolean started() {
    return !(ending instanceof Ending.Absent) && !(ending instanceof Ending.NotStarted);
  }

  /** A predicate for a sentence: {@code exited with status 3}. */
  public String describe() {
    if (ending instanceof Ending.Exited exited) {
      return "exited with status " + exited.status();
    } else if (ending instanceof Ending.Signalled signalled) {
      return "was ended by signal " + signalled.signal();
    } else if (ending instanceof Ending.TimedOut timedOut) {
      return "ran longer than " + Durations.format(timedOut.limit()) + " and was ended";
    } else if (ending instanceof Ending.Broken broken) {
      return "was ended: " + Printable.of(String.valueOf(broken.cause().getMessage()));
    } else if (ending instanceof Ending.Absent absent) {
      return absent.program().startsWith("/")
          ? "does not exist"
          : "is not installed (looked for in " + ChildEnvironment.PATH + ")";
    } else {
      return "could not be started: " + Printable.of(((Ending.NotStarted) ending).cause());
    }
  }
}
