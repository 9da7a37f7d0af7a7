package org.deferredsync.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.Status;
import org.deferredsync.backup.Status.OfSource;
import org.deferredsync.backup.Status.OfTarget;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.logging.ShellWord;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.plugin.dump.DumpStatus;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How the backups stand now: the one question of every morning. */
@Command(
    name = "status",
    sortOptions = false,
    description = {
      "Says of each source, also of those that BACKUPDIRS does not name any more, how the last run"
          + " left it and why, and when it was last complete; of each dump when it was last made, what"
          + " is in it, and when a drill last proved it; of the target how much it holds, how much is"
          + " free, and when it will be full if it goes on growing as it did.",
      "Exit status: 0 if it could answer, whatever the answer is."
    },
    footer = {"", "Example: deferred-sync status --json"})
final class StatusCommand extends TargetCommand {
  private static final long LONG = 3650;

  @Option(names = "--json", description = "print a JSON object")
  private boolean json;

  @Override
  int look(TargetReader reader, Clock clock) throws SettingException, IOException {
    Status status =
        Status.of(
            reader, BackupSettings.sources(context().configuration().settings()), clock.instant());
    List<DumpStatus> dumps =
        DumpStatus.all(context().configuration().settings(), context().variables());
    if (json) {
      printJson(status, dumps, clock);
    } else {
      status.sources().forEach(source -> print(source, clock));
      DumpLines lines = new DumpLines(context().out(), clock);
      dumps.forEach(lines::print);
      print(status.target(), clock);
    }
    return ExitStatus.SUCCESS;
  }

  private void print(OfSource source, Clock clock) {
    PrintStream out = context().out();
    List<String> state = new ArrayList<>(List.of(word(source)));
    String reason = reason(source);
    if (!reason.isEmpty() && !source.retired()) {
      state.add(reason);
    }
    out.println(
        source.path()
            + ": "
            + (source.retired() ? "retired, not in BACKUPDIRS any more; last " : "")
            + String.join(": ", state)
            + (source.retired() ? retired(source.path()) : ""));
    Run complete = source.complete();
    out.println(
        "    last complete: "
            + (complete == null
                ? "never"
                : complete.id() + " of " + Times.dated(complete.started(), clock))
            + "; history: "
            + Sizes.text(source.historyBytes()));
  }

  /** What its last run would advise is for sources that are still backed up. */
  private static String retired(FilePath path) {
    return "; to remove it, the last copies with it: deferred-sync prune --source "
        + ShellWord.of(path.toString());
  }

  private static String word(OfSource source) {
    RunSource result = source.result();
    return result == null ? "never backed up" : result.state().word();
  }

  /** A run that has not ended may be under way or may have been killed; readers cannot tell. */
  private static String reason(OfSource source) {
    RunSource result = source.result();
    Run last = source.last();
    if (result == null || last == null) {
      return "";
    }
    return last.ended() == null ? "the run did not end, or is under way" : result.reason();
  }

  private void print(OfTarget target, Clock clock) {
    PrintStream out = context().out();
    out.println(
        target.path()
            + ": mirror "
            + Sizes.text(target.mirrorBytes())
            + ", history "
            + Sizes.text(target.historyBytes())
            + ", free "
            + Sizes.text(target.freeBytes())
            + "; "
            + full(target.daysUntilFull()));
    out.println(
        "    last daily verification: "
            + (target.verifiedNs() == 0
                ? "never"
                : Times.dated(Times.ofNanos(target.verifiedNs()), clock))
            + (target.readNs() == 0
                ? ""
                : "; all files read since " + Times.dated(Times.ofNanos(target.readNs()), clock)));
    if (target.damaged() > 0) {
      out.println(
          "    "
              + Quantity.of(target.damaged(), "file is", "files are")
              + " known to be damaged or missing; bring back what the sources still have:"
              + " deferred-sync verify --repair");
    }
  }

  private static String full(OptionalLong days) {
    if (days.isEmpty()) {
      return "full: unknown, no growth over 3 complete runs and a day";
    }
    return days.getAsLong() > LONG
        ? "full in more than 10 years"
        : "full in about " + Quantity.of(days.getAsLong(), "day");
  }

  private void printJson(Status status, List<DumpStatus> dumps, Clock clock) {
    try (JsonWriter writer = new JsonWriter(context().out())) {
      writer.beginObject().member("time", Times.text(clock.instant(), clock.getZone()));
      writer.name("sources").beginArray();
      for (OfSource source : status.sources()) {
        writer
            .beginObject()
            .member("path", source.path().toString())
            .member("retired", source.retired())
            .member("state", source.result() == null ? "never" : word(source))
            .member("reason", reason(source))
            .name("holds")
            .beginArray();
        RunSource result = source.result();
        for (Hold hold : result == null ? List.<Hold>of() : result.holds()) {
          writer.beginObject().member("kind", hold.kind().word());
          writer.member("count", hold.count()).member("of", hold.of()).endObject();
        }
        writer.endArray();
        write(writer, "lastRun", source.last(), clock);
        write(writer, "lastComplete", source.complete(), clock);
        writer.member("historyBytes", source.historyBytes()).endObject();
      }
      writer.endArray();
      DumpLines.write(writer, dumps, clock);
      write(writer, status.target(), clock);
      writer.endObject();
    }
  }

  private static void write(JsonWriter writer, String name, @Nullable Run run, Clock clock) {
    writer.name(name);
    if (run == null) {
      writer.nullValue();
      return;
    }
    writer
        .beginObject()
        .member("id", run.id())
        .member("time", Times.text(run.started(), clock.getZone()))
        .member("ageSeconds", Duration.between(run.started(), clock.instant()).toSeconds())
        .endObject();
  }

  private static void write(JsonWriter writer, OfTarget target, Clock clock) {
    writer
        .name("target")
        .beginObject()
        .member("path", target.path().toString())
        .member("mirrorBytes", target.mirrorBytes())
        .member("historyBytes", target.historyBytes())
        .member("freeBytes", target.freeBytes())
        .name("daysUntilFull");
    if (target.daysUntilFull().isPresent()) {
      writer.value(target.daysUntilFull().getAsLong());
    } else {
      writer.nullValue();
    }
    write(writer, "lastVerification", target.verifiedNs(), clock);
    write(writer, "allReadSince", target.readNs(), clock);
    writer.member("damaged", target.damaged()).endObject();
  }

  private static void write(JsonWriter writer, String name, long nanos, Clock clock) {
    writer.name(name);
    if (nanos == 0) {
      writer.nullValue();
    } else {
      writer.value(Times.text(Times.ofNanos(nanos), clock.getZone()));
    }
  }
}
