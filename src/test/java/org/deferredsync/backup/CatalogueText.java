package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.deferredsync.catalogue.AllRows;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.Run;

/** All that a catalogue knows, as lines: two that know the same have equal ones. */
final class CatalogueText {
  private CatalogueText() {}

  /** That of the fixture's target. */
  static String of(EngineFixture fixture) throws IOException {
    try (Catalogue catalogue =
        Catalogue.openReader(fixture.target.resolve(".deferred-sync/catalogue.db"))) {
      TreeSet<String> lines = new TreeSet<>();
      lines.add("generation " + catalogue.generation());
      lines.add("pending " + catalogue.pending().list());
      lines.add("removals " + catalogue.runs().removals());
      for (Run run : catalogue.runs().list()) {
        lines.add("run " + run);
      }
      AllRows all = catalogue.allRows();
      for (List<AllRows.Row> page = all.current(null, 100); !page.isEmpty(); ) {
        page.forEach(row -> lines.add(line("current", catalogue, row)));
        page = all.current(page.get(page.size() - 1), 100);
      }
      for (List<AllRows.Row> page = all.past(null, 100); !page.isEmpty(); ) {
        page.forEach(row -> lines.add(line("past", catalogue, row)));
        page = all.past(page.get(page.size() - 1), 100);
      }
      for (List<AllRows.Placed> page = all.places(null, 100); !page.isEmpty(); ) {
        page.forEach(
            row ->
                lines.add(
                    "place "
                        + row.run()
                        + " "
                        + row.path()
                        + " "
                        + row.content()
                        + " "
                        + Arrays.toString(row.hash())
                        + " "
                        + row.unknown()));
        page = all.places(page.get(page.size() - 1), 100);
      }
      return String.join("\n", lines);
    }
  }

  private static String line(String kind, Catalogue catalogue, AllRows.Row row) {
    try {
      return String.join(
              " ",
              kind,
              row.in().toString(),
              Printable.of(row.name()),
              row.since() + "-" + row.until(),
              row.version().withXattr(null).toString(),
              Arrays.toString(row.version().linkTarget()),
              Arrays.toString(catalogue.xattrs().find(row.version().xattr()).bytes()),
              Arrays.toString(row.hash()),
              String.valueOf(row.evidence()))
          .replaceAll("\\[B@[0-9a-f]+", "");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
