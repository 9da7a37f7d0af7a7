package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a push learns of the runs since the last one. */
final class PushSourceTest {
  private static final String HOST = "vault /srv";
  private static final Logger LOG = LoggerFactory.getLogger("backup_to_remote");

  @TempDir private Path scratch;
  private EngineFixture fixture;

  @BeforeEach
  void backUp() throws Exception {
    fixture = new EngineFixture(scratch);
    Files.writeString(fixture.source.resolve("content"), "of old");
    fixture.run();
  }

  private PushSource source() throws Exception {
    return PushSource.open(
        fixture.engine(), EngineFixture.filePath(fixture.target), Set.of(HOST), LOG);
  }

  @Test
  void change_isTold_andNothingOfARunThatChangedNothing() throws Exception {
    long seq;
    try (PushSource source = source()) {
      seq = source.seq();
    }
    fixture.ahead(Duration.ofSeconds(20));
    fixture.run();
    try (PushSource source = source()) {
      assertThat(source.seq()).isEqualTo(seq);
    }

    fixture.ahead(Duration.ofSeconds(40));
    Files.writeString(fixture.source.resolve("content"), "of new, longer");
    fixture.run();
    try (PushSource source = source()) {
      PushSource.Changes changes = source.since(HOST, seq).orElseThrow();
      assertThat(changes.increments()).hasSize(1);
      assertThat(new String(changes.contents(), StandardCharsets.UTF_8)).contains("content");
      assertThat(List.of(changes.removed().length, changes.moved().length)).containsOnly(0);
    }
  }
}
