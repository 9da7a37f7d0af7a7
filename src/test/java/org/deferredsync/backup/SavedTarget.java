package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A fixture's target as it was between two runs, to begin each point of a sweep with. A copy has
 * other inodes, so what is pending in a target would not be about it.
 */
final class SavedTarget {
  private final EngineFixture fixture;
  private final Path saved;

  private SavedTarget(EngineFixture fixture) {
    this.fixture = fixture;
    this.saved = fixture.home.resolve("saved");
  }

  /** Keeps a copy of it as it is now, in the place of one kept before. */
  static SavedTarget of(EngineFixture fixture) throws IOException {
    SavedTarget target = new SavedTarget(fixture);
    Shell.run("rm", "-rf", target.saved.toString());
    Files.createDirectory(target.saved);
    Path reserve = fixture.target.resolve(".deferred-sync/reserve");
    if (Files.exists(reserve)) {
      Shell.run("truncate", "-s", "256K", reserve.toString()); // each point copies it
    }
    Shell.run("cp", "-a", fixture.target.toString(), target.saved.toString());
    if (Files.exists(fixture.home.resolve("state"))) {
      Shell.run("cp", "-a", fixture.home.resolve("state").toString(), target.saved.toString());
    }
    return target;
  }

  /** Puts the copy in its place. */
  void bringBack() throws IOException {
    Shell.run("rm", "-rf", fixture.target.toString(), fixture.home.resolve("state").toString());
    Shell.run("cp", "-a", saved + "/.", fixture.home.toString());
  }
}
