package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a batch knows of what is in it. */
final class BatchTest {
  private static final FilePath DIRECTORY = path("/s/d");

  private Catalogue catalogue;
  private RowQueue rows;

  @BeforeEach
  void open() throws IOException {
    catalogue = Catalogue.temporary();
    rows = new RowQueue(catalogue);
  }

  @AfterEach
  void close() throws IOException {
    rows.close();
    catalogue.close();
  }

  private static FilePath path(String path) {
    return FilePath.of(path.getBytes(StandardCharsets.UTF_8));
  }

  private Batch batch(int files) {
    return new Batch(1, new Batch.Limits(files, 1000), rows);
  }

  private boolean changesBelow(Consumer<Batch> change) {
    Batch batch = batch(100);
    change.accept(batch);
    return batch.changesBelow(DIRECTORY);
  }

  @Test
  void changesBelow_sees_whatIsPutRemovedMovedStagedOrSet_belowAndNothingElse() {
    FilePath below = path("/s/d/e/f");
    assertThat(changesBelow(batch -> batch.put(below, "1", 0))).isTrue();
    assertThat(changesBelow(batch -> batch.remove(below, 7))).isTrue();
    assertThat(changesBelow(batch -> batch.moves(below, 7))).isTrue();
    assertThat(changesBelow(batch -> batch.set(below))).isTrue();
    assertThat(changesBelow(batch -> batch.makes(below))).isTrue();

    for (FilePath other : new FilePath[] {DIRECTORY, path("/s/dd"), path("/s")}) {
      assertThat(changesBelow(batch -> batch.remove(other, 7))).as("%s", other).isFalse();
      assertThat(changesBelow(batch -> batch.moves(other, 7))).as("%s", other).isFalse();
      assertThat(changesBelow(batch -> batch.set(other))).as("%s", other).isFalse();
      assertThat(changesBelow(batch -> batch.makes(other))).as("%s", other).isFalse();
    }
  }

  @Test
  void linksBelow_sees_namesOfFilesWithSeveral_belowAndNothingElse() {
    Batch batch = batch(100);
    batch.links(DIRECTORY);
    batch.links(path("/s/dd/f"));
    assertThat(batch.linksBelow(DIRECTORY)).isFalse();
    assertThat(batch.hasLinked(DIRECTORY)).isTrue();
    batch.links(path("/s/d/f"));
    assertThat(batch.linksBelow(DIRECTORY)).isTrue();
    assertThat(batch.linksBelow(path("/s/d/f"))).isFalse();
  }

  @Test
  void batch_isFull_byFiles_byBytes_andByRowsAlone() throws IOException {
    Batch batch = batch(3);
    assertThat(batch.isEmpty()).isTrue();
    batch.set(path("/s/a"));
    assertThat(batch.isEmpty()).isFalse();
    batch.count(1, 999);
    assertThat(batch.isFull()).isFalse();
    batch.count(0, 1);
    assertThat(batch.isFull()).as("bytes").isTrue();

    batch = batch(3);
    batch.put(path("/a"), "1", 0); // and the directory that it is in
    assertThat(batch.isEmpty()).isFalse();
    assertThat(batch.isFull()).isFalse();
    batch.moves(path("/b"), 7);
    assertThat(batch.isFull()).as("files").isTrue();

    batch = batch(3);
    for (int row = 0; row < 24; row++) {
      assertThat(batch.isFull()).as("%d rows", row).isFalse();
      batch.write(c -> {});
      assertThat(batch.isEmpty()).isFalse();
    }
    assertThat(batch.isFull()).as("rows").isTrue();
  }
}
