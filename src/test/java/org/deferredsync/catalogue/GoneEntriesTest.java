package org.deferredsync.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.nio.charset.StandardCharsets;
import org.deferredsync.catalogue.GoneEntries.Counted;
import org.deferredsync.catalogue.GoneEntries.Gone;
import org.deferredsync.catalogue.GoneEntries.Moves;
import org.deferredsync.catalogue.GoneEntries.Sight;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("rule-7")
final class GoneEntriesTest {
  private static final int FILE = 0100644;
  private static final int DIRECTORY = 0040755;

  private final GoneEntries gone = new GoneEntries();
  private final Directories.Known directory = new Directories.Known(7, FilePath.of("/s/d"), null);

  @AfterEach
  void close() throws Exception {
    gone.close();
  }

  private static Entry row(String name, int mode, long inode, int nlink) {
    boolean file = mode == FILE;
    Version version =
        new Version(mode, 0, 0, file ? 10 : 0, 5, 0, null, null, null, file ? 3L : null, false);
    return new Entry(
        name.getBytes(StandardCharsets.UTF_8),
        1,
        version,
        new Evidence(6, inode, nlink, false, false));
  }

  private static Sight file(long inode) {
    return new Sight(FileType.FILE, inode, 10, 5);
  }

  @Test
  void nothing_isFound_whereNothingIsGone() throws Exception {
    assertThat(gone.isEmpty()).isTrue();
    assertThat(gone.maySeek(1)).isFalse();
    assertThat(gone.find(file(1))).isEmpty();
    assertThat(gone.files(file(1))).isEmpty();
    assertThat(gone.met(0)).isZero();
    assertThat(gone.metOf(1)).isEqualTo(new PlanStore.Size(0, 0));
    assertThat(gone.moves()).isEmpty();
  }

  /** What the catalogue cannot say the bytes of cannot be moved, whatever it looks like. */
  @Test
  void aFile_isNotMovable_withoutKnownBytes() {
    Entry known = row("a", FILE, 41, 1);
    Version v = known.version();
    Version unknown =
        new Version(v.mode(), 0, 0, v.size(), v.mtimeNs(), 0, null, null, null, null, false);

    assertThat(GoneEntries.isMovable(known)).isTrue();
    assertThat(GoneEntries.isMovable(new Entry(known.name(), 1, unknown, known.evidence())))
        .isFalse();
  }

  @Test
  void anEntry_isFoundByAllOfWhatItWas_andMetOnce() throws Exception {
    gone.add(0, 1, directory, row("a", FILE, 41, 1));

    assertThat(gone.find(new Sight(FileType.FILE, 41, 11, 5))).isEmpty();
    assertThat(gone.find(new Sight(FileType.FILE, 41, 10, 6))).isEmpty();
    assertThat(gone.find(new Sight(FileType.SYMLINK, 41, 10, 5))).isEmpty();
    assertThat(gone.find(file(42))).isEmpty();
    Gone found = gone.find(file(41)).orElseThrow();
    assertThat(found.path()).isEqualTo(FilePath.of("/s/d/a"));
    gone.meet(found, 0, Counted.ADDED);
    assertThat(gone.find(file(41))).isEmpty();
    assertThat(gone.files(file(41))).extracting(Gone::path).containsExactly(found.path());
  }

  @Test
  void met_countsEveryType_andMovesOnlyFilesOfOneName() throws Exception {
    gone.add(0, 1, directory, row("a", FILE, 41, 1));
    gone.add(0, 1, directory, row("linked", FILE, 42, 2));
    gone.add(0, 1, directory, row("deep", DIRECTORY, 43, 2));
    gone.add(0, 2, directory, row("lost", FILE, 44, 1));
    gone.meet(gone.find(file(41)).orElseThrow(), 1, Counted.ADDED);
    Gone linked = gone.find(file(42)).orElseThrow();
    assertThat(linked.movable()).isFalse();
    gone.meet(linked, 0, null);
    gone.meet(gone.find(new Sight(FileType.DIRECTORY, 43, 0, 5)).orElseThrow(), 0, null);

    assertThat(gone.met(0)).isEqualTo(3);
    assertThat(gone.met(1)).isZero();
    assertThat(gone.metOf(1)).isEqualTo(new PlanStore.Size(3, 20));
    assertThat(gone.metOf(2)).isEqualTo(new PlanStore.Size(0, 0));
    assertThat(gone.moves())
        .extracting(Moves::from, Moves::to, Moves::counted, Moves::files, Moves::bytes)
        .containsExactly(tuple(0, 1, Counted.ADDED, 1L, 10L));
    assertThat(gone.files(file(42))).isEmpty();
  }
}
