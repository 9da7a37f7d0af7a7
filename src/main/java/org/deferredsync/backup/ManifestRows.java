package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.deferredsync.catalogue.AllRows;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;

/**
 * The rows of a catalogue as those of a manifest: runs with their sources, past and current
 * versions, and places. Versions and places are read in pages, however many there are.
 */
final class ManifestRows {
  private static final int PAGE = 1000;
  private static final int PIECE = 1 << 16;
  private static final long NANOS = 1_000_000_000L;

  private final Catalogue catalogue;

  ManifestRows(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** Adds those of runs, and of sources that are being removed; answers how many. */
  long runs(ManifestText text) throws IOException {
    long rows = 0;
    for (Run run : catalogue.runs().list()) {
      run(text, run);
      rows += 1 + run.sources().size();
    }
    for (FilePath source : catalogue.runs().removals()) {
      text.row("removing").path(source).end();
      rows++;
    }
    return rows;
  }

  /** Adds those of one run. */
  static void run(ManifestText text, Run run) {
    Instant ended = run.ended();
    String increment = run.increment();
    text.row("run").number(run.id()).time(nanos(run.started()));
    if (ended == null) {
      text.word("-");
    } else {
      text.time(nanos(ended));
    }
    text.word(increment == null ? "-" : increment).end();
    for (RunSource source : run.sources()) {
      Counts c = source.counts();
      text.row("source")
          .number(run.id())
          .path(source.source())
          .word(source.state().word())
          .word(source.expired() ? "expired" : "-")
          .number(c.files())
          .number(c.directories())
          .number(c.bytes())
          .number(c.added())
          .number(c.moved())
          .number(c.changed())
          .number(c.metadata())
          .number(c.removed())
          .number(c.copiedBytes())
          .number(source.turnover().contents())
          .number(source.turnover().changed())
          .holds(source.holds())
          .escaped(source.reason().getBytes(StandardCharsets.UTF_8))
          .end();
    }
  }

  private static long nanos(Instant instant) {
    return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS), instant.getNano());
  }

  /** Writes all to a file. */
  void all(ManifestFile file) throws IOException {
    ManifestText text = new ManifestText();
    text.row("after").number(0).end();
    file.count(1 + runs(text));
    AllRows all = catalogue.allRows();
    for (List<AllRows.Row> page = all.past(null, PAGE); !page.isEmpty(); ) {
      for (AllRows.Row row : page) {
        text.row("past").path(pathOf(row)).number(row.since()).number(row.until());
        version(file, text, row);
      }
      page = all.past(page.get(page.size() - 1), PAGE);
    }
    for (List<AllRows.Row> page = all.current(null, PAGE); !page.isEmpty(); ) {
      for (AllRows.Row row : page) {
        text.row("+").path(pathOf(row)).number(row.since());
        version(file, text, row);
      }
      page = all.current(page.get(page.size() - 1), PAGE);
    }
    for (List<AllRows.Placed> page = all.places(null, PAGE); !page.isEmpty(); ) {
      for (AllRows.Placed row : page) {
        text.row("place")
            .number(row.run())
            .path(row.path())
            .numberOrNone(row.content())
            .hex(row.hash())
            .number(row.size())
            .word(row.unknown() ? "unknown" : "-");
        end(file, text);
      }
      page = all.places(page.get(page.size() - 1), PAGE);
    }
    file.add(text);
  }

  private void version(ManifestFile file, ManifestText text, AllRows.Row row) throws IOException {
    text.version(row.version(), catalogue.xattrs().find(row.version().xattr()), row.hash());
    Evidence evidence = row.evidence();
    if (evidence != null) {
      text.evidence(evidence);
    }
    end(file, text);
  }

  private static void end(ManifestFile file, ManifestText text) throws IOException {
    text.end();
    file.count(1);
    if (text.length() > PIECE) {
      file.add(text);
    }
  }

  private static FilePath pathOf(AllRows.Row row) {
    return row.in().child(row.name());
  }
}
