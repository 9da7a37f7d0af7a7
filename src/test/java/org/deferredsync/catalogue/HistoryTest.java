package org.deferredsync.catalogue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Versions of names, read page by page. */
final class HistoryTest {
  private static final Evidence SEEN = new Evidence(0, 5, 1, false, false);

  private Catalogue catalogue;
  private long directory;

  @BeforeEach
  void open() throws Exception {
    catalogue = Catalogue.temporary();
    directory = catalogue.directories().idOf(FilePath.of("/d"));
  }

  @AfterEach
  void close() throws Exception {
    catalogue.close();
  }

  private static Version version(long size, boolean inconsistent) {
    return new Version(0100644, 0, 0, size, 5, 0, null, null, null, 7L, inconsistent);
  }

  private void store(String name, long since, boolean inconsistent) throws Exception {
    catalogue.entries().end(directory, name.getBytes(UTF_8), since);
    catalogue
        .entries()
        .add(directory, new Entry(name.getBytes(UTF_8), since, version(since, inconsistent), SEEN));
  }

  @Test
  void pages_giveEachVersionOnce_whateverTheirSize() throws Exception {
    for (String name : List.of("a", "b", "c")) {
      store(name, 1, false);
      store(name, 2, false);
    }
    List<String> all = List.of("a1", "a2", "b1", "b2", "c1", "c2");
    for (int limit = 1; limit <= all.size() + 1; limit++) {
      List<String> read = new ArrayList<>();
      History.Position next = History.Position.START;
      while (next != null) {
        History.Page page =
            catalogue
                .history()
                .page(new History.Range(directory, 1, 2, true), next, name -> true, limit);
        assertThat(page.versions()).hasSizeLessThanOrEqualTo(limit);
        page.versions().forEach(one -> read.add(new String(one.name(), UTF_8) + one.since()));
        next = page.end();
      }
      assertThat(read).as("pages of %d", limit).isEqualTo(all);
    }
  }

  /** Names come as they are stored, even one that no file can have. */
  @Test
  void listing_saysOfEachNameWhatWasStored() throws Exception {
    store("read", 1, false);
    store("written", 1, true);
    catalogue
        .entries()
        .add(directory, new Entry(new byte[0], 1, version(1, false), SEEN)); // by somebody else

    assertThat(catalogue.listings().page(directory, 1, null, 10))
        .extracting(row -> new String(row.name(), UTF_8) + " " + row.version().inconsistent())
        .containsExactly(" false", "read false", "written true");
    assertThat(catalogue.listings().page(directory, 1, "read".getBytes(UTF_8), 10))
        .extracting(row -> new String(row.name(), UTF_8))
        .containsExactly("written");
  }
}
