package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MountMemoryTest {
  @TempDir private Path scratch;

  @Test
  void hold_countsEachEntryOnce_howeverMountsLieInEachOther() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    Path outer = Files.createDirectories(fixture.source.resolve("outer"));
    Path inner = Files.createDirectories(outer.resolve("inner"));
    Path beside = Files.createDirectories(fixture.source.resolve("outer-not"));
    Files.writeString(outer.resolve("one"), "1");
    Files.writeString(inner.resolve("two"), "2");
    Files.writeString(beside.resolve("three"), "3");
    fixture.run();
    FilePath source = EngineFixture.filePath(fixture.source);
    try (Catalogue catalogue =
        Catalogue.open(fixture.target.resolve(".deferred-sync/catalogue.db"), CommitHook.NONE)) {
      MountMemory memory = new MountMemory(catalogue);
      FilePath first = EngineFixture.filePath(outer);
      FilePath within = EngineFixture.filePath(inner);
      FilePath other = EngineFixture.filePath(beside);
      assertThat(memory.hold(source, List.of(first, within)).count())
          .as("itself, one, inner, two")
          .isEqualTo(4);
      assertThat(memory.hold(source, List.of(within, other)).count()).isEqualTo(2 + 2);
      assertThat(memory.hold(source, List.of(source, first)).count())
          .as("all below the source, which itself is none of its entries")
          .isEqualTo(6);
    }
  }
}
