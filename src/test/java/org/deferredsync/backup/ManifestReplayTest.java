package org.deferredsync.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows of manifests of which others are lacking: what they say is taken as far as it can be. */
final class ManifestReplayTest {
  private static final String HASH =
      "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";

  private Catalogue catalogue;
  private ManifestReplay replay;

  @BeforeEach
  void begin() throws Exception {
    catalogue = Catalogue.temporary();
    replay = new ManifestReplay(catalogue);
    replay.begin();
  }

  @AfterEach
  void close() throws Exception {
    catalogue.close();
  }

  private void take(String... lines) throws IOException {
    for (String line : lines) {
      replay.take(ManifestRow.parse(line.getBytes(UTF_8)));
    }
  }

  private static String file(String path, long since, long content) {
    String hash = HASH.substring(0, 63) + content;
    return "+ %s %d 100644 0 0 3 0.000000000 0 - - - %d %s - 0.000000000 5 1 - -"
        .formatted(path, since, content, hash);
  }

  private Entry current(String path) throws IOException {
    return catalogue.entries().find(FilePath.of(path)).orElseThrow();
  }

  @Test
  void rows_ofWhatNothingTellsOf_changeNothing() throws Exception {
    take(
        file("/d/known", 1, 1),
        "seen /lost/file 9.000000000 7 1 - -",
        "end /lost/file 2",
        "forget /lost/file",
        "seen /d/lost 9.000000000 7 1 - -",
        "end /d/lost 2",
        "forget /d/lost");

    assertThat(catalogue.directories().find(FilePath.of("/lost"))).isEmpty();
    assertThat(catalogue.entries().find(FilePath.of("/d/lost"))).isEmpty();
    assertThat(current("/d/known").evidence().inode()).isEqualTo(5);
    take("seen /d/known 9.000000000 7 1 - -");
    assertThat(current("/d/known").evidence().inode()).isEqualTo(7);
    take("forget /d/known");
    assertThat(catalogue.entries().find(FilePath.of("/d/known"))).isEmpty();
  }

  @Test
  void version_endedInBetween_whereAnotherIsStoredInItsPlace() throws Exception {
    take(file("/d/f", 1, 1), file("/d/f", 4, 2));

    long directory = catalogue.directories().idOf(FilePath.of("/d"));
    assertThat(catalogue.history().of(directory, "f".getBytes(UTF_8)))
        .extracting(Dated::since, Dated::until, one -> one.version().content())
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(1L, 4L, 1L),
            org.assertj.core.groups.Tuple.tuple(4L, org.deferredsync.catalogue.History.OPEN, 2L));
  }

  /** Its bytes are said by another row, or are lost with it. */
  @Test
  void place_staysKnown_withoutTheHashOfItsContent() throws Exception {
    take("place 3 /d/f 9 - 0 -", "place 3 /d/g 8 " + HASH + " 3 -", "place 3 /d/u - - 0 unknown");

    assertThat(catalogue.contents().find(9)).isEmpty();
    assertThat(catalogue.contents().find(8)).isPresent();
    for (String path : new String[] {"/d/f", "/d/g", "/d/u"}) {
      assertThat(catalogue.contents().hasPlace(3, FilePath.of(path))).as(path).isTrue();
    }
  }
}
