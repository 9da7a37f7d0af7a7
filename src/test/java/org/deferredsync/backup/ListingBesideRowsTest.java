package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ListingBesideRowsTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void each_givesTheSame_whetherTheNamesFitIntoMemoryOrNot() throws Exception {
    long seed = Long.getLong("listing.seed", System.nanoTime());
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    EngineFixture fixture = new EngineFixture(scratch);
    List<String> expected = new ArrayList<>();
    try (ScanGround ground = ScanGround.open(fixture.engine(), fixture.target, fixture.source)) {
      Catalogue catalogue = ground.catalogue();
      FilePath path = ground.source().path();
      catalogue.transaction(
          () -> {
            long id = catalogue.directories().idOf(path);
            for (int i = 10_000; i < 15_000; i++) {
              int where = random.nextInt(3);
              if (where > 0) {
                catalogue.entries().add(id, row("é" + i));
              }
              expected.add((where < 2 ? "listed " : "") + (where > 0 ? "row " : "") + "é" + i);
            }
          });
      for (String each : expected) {
        if (each.startsWith("listed")) {
          Files.writeString(
              fixture.source.resolve(each.substring(each.lastIndexOf(' ') + 1)),
              "x".repeat(each.hashCode() & 0xff));
        }
      }
      long id = catalogue.directories().idOf(path);

      for (int held : new int[] {100_000, 10}) {
        try (ListingBesideRows beside = new ListingBesideRows(catalogue, held)) {
          for (int time = 0; time < 2; time++) {
            assertThat(beside.list(ground.source().reader(), ground.source().descriptor(), path))
                .matches(ListingPass.Outcome::complete);
            assertThat(pairs(ground, beside, id)).as("seed %s", seed).isEqualTo(expected);
          }
        }
      }
    }
  }

  /** What is handed over, where all that is known of a name is as the system says. */
  private static List<String> pairs(ScanGround ground, ListingBesideRows beside, long directory)
      throws IOException {
    List<String> pairs = new ArrayList<>();
    beside.each(
        directory,
        new ListingBesideRows.Sink() {
          @Override
          public void listed(Listed listed, @Nullable Entry row) throws IOException {
            Stat now = ground.posix().stat(ground.source().descriptor(), listed.name());
            assertThat(listed.stat()).isEqualTo(now);
            pairs.add("listed " + (row == null ? "" : "row ") + text(listed.name()));
            if (row != null) {
              assertThat(row.name()).isEqualTo(listed.name());
            }
          }

          @Override
          public void unlisted(Entry row) {
            pairs.add("row " + text(row.name()));
          }
        });
    return pairs;
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }

  private static Entry row(String name) {
    return new Entry(
        name.getBytes(StandardCharsets.UTF_8),
        1,
        new Version(Stat.REGULAR | 0644, 0, 0, 0, 0, 0, null, null, null, null, false),
        new Evidence(0, 0, 1, false, false));
  }
}
