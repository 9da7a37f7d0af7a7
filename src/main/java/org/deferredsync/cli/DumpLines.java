package org.deferredsync.cli;

import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.deferredsync.plugin.dump.DumpStatus;
import org.deferredsync.plugin.dump.DumpStatus.Proven;
import org.jspecify.annotations.Nullable;

/** What status says of dumps, as lines and as JSON. */
final class DumpLines {
  private final PrintStream out;
  private final Clock clock;

  DumpLines(PrintStream out, Clock clock) {
    this.out = out;
    this.clock = clock;
  }

  void print(DumpStatus dump) {
    Instant failed = dump.failed();
    Instant good = dump.lastGood();
    Instant written = dump.written();
    out.println(
        dump.path()
            + ": "
            + (failed == null
                ? "dumped: " + dump.content()
                : "failed on " + Times.dated(failed, clock) + ": " + dump.reason()));
    String unchanged =
        written == null || written.equals(good)
            ? ""
            : "; unchanged since " + Times.text(written, clock.getZone());
    out.println(
        "    last good: " + (good == null ? "never" : Times.dated(good, clock)) + unchanged);
    out.println("    last drill: " + proof(dump.proof()));
  }

  private String proof(@Nullable Proven proof) {
    if (proof == null) {
      return "never";
    }
    String result = proof.result().equals("parsed") ? "" : proof.result() + ", ";
    return Times.dated(proof.time(), clock)
        + ": "
        + result
        + proof.text()
        + (proof.ofThis() ? "" : "; it was dumped anew since");
  }

  static void write(JsonWriter writer, List<DumpStatus> dumps, Clock clock) {
    writer.name("dumps").beginArray();
    for (DumpStatus dump : dumps) {
      writer.beginObject().member("kind", dump.kind()).member("path", dump.path());
      writer.member("state", dump.failed() == null ? "good" : "failed");
      writer.member("reason", dump.reason());
      time(writer, "lastGood", dump.lastGood(), clock);
      time(writer, "written", dump.written(), clock);
      writer
          .member("bytes", dump.bytes())
          .member("tables", dump.tables())
          .member("rows", dump.rows())
          .name("lastDrill");
      Proven proof = dump.proof();
      if (proof == null) {
        writer.nullValue();
      } else {
        writer
            .beginObject()
            .member("time", Times.text(proof.time(), clock.getZone()))
            .member("ageSeconds", Duration.between(proof.time(), clock.instant()).toSeconds())
            .member("result", proof.result())
            .member("text", proof.text())
            .member("ofThisFile", proof.ofThis())
            .endObject();
      }
      writer.endObject();
    }
    writer.endArray();
  }

  private static void time(JsonWriter writer, String name, @Nullable Instant instant, Clock clock) {
    writer.name(name);
    if (instant == null) {
      writer.nullValue();
    } else {
      writer
          .beginObject()
          .member("time", Times.text(instant, clock.getZone()))
          .member("ageSeconds", Duration.between(instant, clock.instant()).toSeconds())
          .endObject();
    }
  }
}
