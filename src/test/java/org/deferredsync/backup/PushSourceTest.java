package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.ForeignCheckpoint;
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

  private PushSource source(String... hosts) throws Exception {
    return PushSource.open(
        fixture.engine(),
        EngineFixture.filePath(fixture.target),
        hosts.length == 0 ? Set.of(HOST) : Set.of(hosts),
        LOG);
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

  @Test
  void changes_areNotTold_beyondWhatAHostIsKnownToHave() throws Exception {
    source().close(); // from now on changes are numbered for the host
    fixture.ahead(Duration.ofSeconds(20));
    Files.writeString(fixture.source.resolve("content"), "of new, longer");
    fixture.run();
    long acknowledged;
    try (PushSource source = source()) {
      acknowledged = source.seq();
      source.acknowledge(HOST, acknowledged, 1);
    }
    fixture.ahead(Duration.ofSeconds(40));
    Files.writeString(fixture.source.resolve("content"), "of today, longer still");
    fixture.run();
    try (PushSource source = source()) {
      assertThat(source.since(HOST, acknowledged)).isPresent();
      assertThat(source.since(HOST, source.seq())).isPresent();
      assertThat(source.since(HOST, source.seq() + 1)).as("a later change than ours").isEmpty();
      assertThat(source.since(HOST, acknowledged - 1)).as("before what it had").isEmpty();
      assertThat(source.since("another /srv", 0)).as("a host of which nothing is known").isEmpty();
    }
  }

  @Test
  void host_thatIsNoLongerPushedTo_isForgotten() throws Exception {
    String other = "attic /srv";
    long before;
    try (PushSource source = source(HOST, other)) {
      before = source.seq();
    }
    source(HOST).close();
    fixture.ahead(Duration.ofSeconds(20));
    Files.writeString(fixture.source.resolve("content"), "of new, longer");
    fixture.run();
    try (PushSource source = source(HOST, other)) {
      assertThat(source.since(HOST, before)).isPresent();
      assertThat(source.since(other, before)).as("what it had when it was left out").isEmpty();
    }
  }

  @Test
  void run_isComplete_ifEverySourceIs() throws Exception {
    Path other = Files.createDirectory(scratch.resolve("other"));
    Files.writeString(other.resolve("file"), "of other");
    fixture.ahead(Duration.ofSeconds(20));
    fixture.run(fixture.source, other);
    try (PushSource source = source()) {
      assertThat(source.isComplete()).isTrue();
    }

    Files.delete(other.resolve("file"));
    Files.delete(other);
    fixture.ahead(Duration.ofSeconds(40));
    fixture.run(fixture.source, other);
    try (PushSource source = source()) {
      assertThat(source.isComplete()).isFalse();
    }
  }

  @Test
  void open_isRefused_afterARunThatDidNotEnd() throws Exception {
    fixture.ahead(Duration.ofSeconds(20));
    Files.writeString(fixture.source.resolve("content"), "of new, longer");
    assertThat(fixture.diesAfterCommit(2)).isTrue();
    assertThatThrownBy(this::source)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("the last backup did not end, and nothing is pushed");

    fixture.ahead(Duration.ofSeconds(40));
    fixture.run();
    source().close();
  }

  @Test
  void open_isRefused_whileSomebodyElseMovesTheLog() throws Exception {
    Path catalogue = fixture.target.resolve(".deferred-sync/catalogue.db");
    List<ForeignCheckpoint> begun = new ArrayList<>();
    fixture.with(
        new CommitHook() {
          @Override
          public void after() {
            if (begun.isEmpty()) {
              try {
                begun.add(ForeignCheckpoint.begin(catalogue));
              } catch (SQLException e) {
                throw new AssertionError(e);
              }
            }
          }
        });
    try {
      assertThatThrownBy(this::source)
          .isInstanceOf(BackupException.class)
          .hasMessageContaining("somebody reads the catalogue; push again when that has ended");
    } finally {
      for (ForeignCheckpoint foreign : begun) {
        foreign.close();
      }
    }
    source().close();
  }
}
