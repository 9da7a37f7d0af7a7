package org.deferredsync.backup;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A fixture's target as it was between two runs, to begin each point of a sweep with. A copy has
 * other inodes, so what is pending in a target would not be about it.
 */
final class SavedTarget {
  private static final List<String> PARTS = List.of("target", "state");
  private static final long RESERVED = 256 << 10;

  private final EngineFixture fixture;
  private final Path saved;

  private SavedTarget(EngineFixture fixture) {
    this.fixture = fixture;
    this.saved = fixture.home.resolve("saved");
  }

  /** Keeps a copy of it as it is now, in the place of one kept before. */
  static SavedTarget of(EngineFixture fixture) throws IOException {
    SavedTarget target = new SavedTarget(fixture);
    TargetChecks.delete(target.saved);
    Files.createDirectory(target.saved);
    Path reserve = fixture.target.resolve(".deferred-sync/reserve");
    if (Files.exists(reserve)) {
      try (FileChannel file = FileChannel.open(reserve, StandardOpenOption.WRITE)) {
        file.truncate(RESERVED); // each point copies it
      }
    }
    for (String name : PARTS) {
      if (Files.exists(fixture.home.resolve(name))) {
        TreeCopy.copy(fixture.home.resolve(name), target.saved.resolve(name));
      }
    }
    return target;
  }

  /** Puts the copy in its place. */
  void bringBack() throws IOException {
    for (String name : PARTS) {
      TargetChecks.delete(fixture.home.resolve(name));
      if (Files.exists(saved.resolve(name))) {
        TreeCopy.copy(saved.resolve(name), fixture.home.resolve(name));
      }
    }
  }
}
