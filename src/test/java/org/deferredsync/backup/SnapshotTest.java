package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
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
}
