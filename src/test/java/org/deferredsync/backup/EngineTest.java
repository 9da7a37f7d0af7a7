package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EngineTest {
  @Test
  void stateDirectory_isRootsOwn_elseWhereTheUserKeepsState() {
    Map<String, String> named = Map.of("XDG_STATE_HOME", "/home/ann/state");
    assertThat(Engine.stateDirectory(0, named)).hasToString("/var/lib/deferred-sync/targets");
    assertThat(Engine.stateDirectory(1000, named))
        .hasToString("/home/ann/state/deferred-sync/targets");
    Path usual = Path.of(System.getProperty("user.home"), ".local/state/deferred-sync/targets");
    assertThat(Engine.stateDirectory(1000, Map.of())).isEqualTo(usual);
    assertThat(Engine.stateDirectory(1000, Map.of("XDG_STATE_HOME", "state")))
        .as("only a path from the root counts, by the XDG Base Directory Specification")
        .isEqualTo(usual);
  }
}
