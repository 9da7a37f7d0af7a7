package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SnapshotTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void snapshot_hasDirectoriesAboveItsSources_andNothingInFiles() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "d/file", "text");
    fixture.run();
    FilePath source = EngineFixture.filePath(fixture.source);
    FilePath file = EngineFixture.filePath(fixture.source.resolve("d/file"));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);

      assertThat(snapshot.find(file)).get().matches(node -> !node.isDirectory());
      assertThat(snapshot.find(FilePath.ROOT)).get().matches(node -> node.version() == null);
      assertThat(snapshot.find(FilePath.of("/no/source"))).isEmpty();
      assertThat(snapshot.children(file)).isEmpty();
      assertThat(snapshot.children(FilePath.of("/no/source"))).isEmpty();
      assertThat(snapshot.children(source.above()))
          .extracting(Snapshot.Node::path)
          .containsExactly(source);
      assertThat(snapshot.missing(file.child(new byte[] {'x'})))
          .hasMessageEndingWith("see \"deferred-sync ls --at 1 " + file + "\"");
    }
  }

  @Test
  void history_hasOneStretch_ofWhatIsAboveSourcesOrNowhere() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "d/file", "text");
    fixture.run();
    FilePath source = EngineFixture.filePath(fixture.source);
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      PathHistory history = new PathHistory(reader, reader.snapshots().all());

      for (FilePath above : List.of(FilePath.ROOT, source.above())) {
        assertThat(history.of(above))
            .singleElement()
            .matches(stretch -> stretch.node() != null && stretch.node().version() == null);
      }
      for (String nowhere : List.of("/no/source", source + "/no/directory", source + "/none")) {
        assertThat(history.of(FilePath.of(nowhere)))
            .as(nowhere)
            .singleElement()
            .matches(stretch -> stretch.node() == null && stretch.snapshots().equals(List.of(1L)));
      }
      assertThat(new PathHistory(reader, List.of()).of(source)).isEmpty();
    }
  }

  @Test
  void at_saysThatThereIsNoSnapshotYet_whereTheFirstRunDied() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.write(fixture.source, "d/file", "text");
    assertThat(fixture.diesAfterCommit(3)).isTrue();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThatThrownBy(
              () -> reader.snapshots().at(PointInTime.latest(), Instant.MAX, ZoneOffset.UTC))
          .isInstanceOf(BackupException.class)
          .hasMessage("there is no snapshot yet; run a backup first");
    }
  }
}
