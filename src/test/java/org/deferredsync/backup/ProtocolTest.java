package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Sequences that break a simpler protocol than ours, one a method. */
@EnabledOnOs(OS.LINUX)
final class ProtocolTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
  }

  private void later() {
    fixture.ahead(Duration.ofSeconds(30));
  }

  private void healthy(BackupReport report) throws Exception {
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  private SourceState state(BackupReport report) {
    return report.sources().get(0).result().state();
  }

  @Test
  void run_followsEveryChange_inOneBatch() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    ChangingTree.change(fixture.source);
    later();

    healthy(fixture.run());

    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(TargetChecks.restored(fixture, 2)).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  @Tag("rule-1")
  void directory_isReadAgain_whenARunDiedBetweenItsBatches() throws Exception {
    fixture.run();
    for (int i = 0; i < 10; i++) {
      ChangingTree.write(fixture.source, "empty/" + i, "file " + i);
    }
    fixture.with(new Batch.Limits(4, 1 << 20));
    later();
    assertThat(fixture.diesAfterCommit(3)).isTrue();

    healthy(fixture.run());
  }

  @Test
  @Tag("rule-6")
  void readers_seeEverySnapshot_betweenCommitAndPublish() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    ChangingTree.change(fixture.source);
    later();
    assertThat(fixture.diesAfterCommit(2)).isTrue();

    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    Verifier.Result result = TargetChecks.verify(fixture);
    assertThat(result.good()).as("%s", result).isTrue();
    healthy(fixture.run());
  }

  @Test
  void generation_keepsUp_whenBatchesWithoutOperationsAreCutShort() throws Exception {
    fixture.run();
    for (int i = 0; i < 3; i++) {
      // A change of evidence alone: the same file, seen with another change time.
      Path file = fixture.source.resolve("gone");
      FileTime before = Files.getLastModifiedTime(file);
      Files.setLastModifiedTime(file, FileTime.fromMillis(1));
      Files.setLastModifiedTime(file, before);
      fixture.ahead(Duration.ofSeconds(20 + i));
      assertThat(fixture.diesAfterCommit(2)).isTrue();
    }

    healthy(fixture.run());
  }

  @Test
  @Tag("rule-6")
  void prune_waits_whileAReaderHasTheTargetOpen() throws Exception {
    fixture.with(new Retention(2, 1));
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofDays(1));
    fixture.run();
    ChangingTree.write(fixture.source, "content", "three");
    fixture.ahead(Duration.ofDays(4));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
      assertThat(reader.snapshots().list()).hasSize(3);
    }
    fixture.ahead(Duration.ofDays(4).plusHours(1));

    healthy(fixture.run());

    assertThat(TargetChecks.snapshots(fixture)).doesNotContain(1L);
  }

  @Test
  @Tag("rule-1")
  @Tag("rule-10")
  void file_keepsItsVersion_whileItCannotBeRead() throws Exception {
    fixture.run();
    String old = TreeText.of(fixture.source).get("content");
    ChangingTree.write(fixture.source, "content", "changed");
    ChangingTree.write(fixture.source, "new", "new");
    later();
    for (Errno errno : List.of(Errno.EACCES, Errno.EIO)) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failOn(Call.OPEN_FILE, fixture.source.resolve("content").toString(), errno);
      fixture.with(posix);

      BackupReport report = fixture.run();

      assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
      assertThat(state(report)).isEqualTo(SourceState.PARTIAL);
      assertThat(TreeText.of(fixture.mirror(fixture.source)).get("content")).isEqualTo(old);
      assertThat(TargetChecks.restored(fixture, java.util.Objects.requireNonNull(report.run())))
          .containsKey("new");
      fixture.ahead(Duration.ofSeconds(40));
    }
    fixture.with(Posix.ofSystem());

    healthy(fixture.run());
  }

  @Test
  @Tag("rule-1")
  @Tag("small-rule-1")
  void tree_staysWhole_whileItsDirectoryCannotBeOpenedOrListed() throws Exception {
    fixture.run();
    ChangingTree.write(fixture.source, "nested/deep/changes", "after");
    TargetChecks.delete(fixture.source.resolve("nested/deep/stays"));
    Map<String, String> before = TreeText.of(fixture.mirror(fixture.source.resolve("nested/deep")));
    before.remove(".");
    int seconds = 30;
    for (Call call : List.of(Call.OPEN_DIRECTORY, Call.LIST, Call.STAT, Call.STAT_OPEN)) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failOn(call, fixture.source.resolve("nested/deep").toString(), Errno.EIO);
      fixture.with(posix).ahead(Duration.ofSeconds(seconds++));

      BackupReport report = fixture.run();

      assertThat(state(report)).as("%s", call).isEqualTo(SourceState.PARTIAL);
      assertThat(TreeText.of(fixture.mirror(fixture.source.resolve("nested/deep"))))
          .as("%s", call)
          .containsAllEntriesOf(before);
    }
    fixture.with(Posix.ofSystem()).ahead(Duration.ofSeconds(60));

    healthy(fixture.run());
  }

  @Test
  @Tag("rule-17")
  void edit_isFound_whenItHidInTheTickOfTheFirstReading() throws Exception {
    fixture.ahead(Duration.ZERO);
    Path file = fixture.source.resolve("content");
    Files.writeString(file, "AAA");
    FileTime time = Files.getLastModifiedTime(file);
    fixture.run();
    Files.writeString(file, "BBB");
    Files.setLastModifiedTime(file, time);
    later();

    healthy(fixture.run());

    assertThat(fixture.mirror(file)).hasContent("BBB");
  }

  @Test
  @Tag("rule-17")
  void youngNames_areLookedAtAgain_whateverTheirType() throws Exception {
    Files.createDirectory(fixture.source.resolve("young-d"));
    Files.createSymbolicLink(fixture.source.resolve("young-l"), Path.of("there"));
    fixture.ahead(Duration.ofMinutes(-5)); // however long it takes to come to the reading

    fixture.run();

    assertThat(isRacy("young-d")).isTrue();
    assertThat(isRacy("young-l")).isTrue();
    later();
    fixture.run();
    assertThat(isRacy("young-d")).isFalse();
    assertThat(isRacy("young-l")).isFalse();
  }

  private boolean isRacy(String name) throws Exception {
    Path file = fixture.target.resolve(".deferred-sync/catalogue.db");
    try (Catalogue catalogue = Catalogue.openReader(file)) {
      FilePath path = EngineFixture.filePath(fixture.source.resolve(name));
      return catalogue.entries().find(path).orElseThrow().evidence().racy();
    }
  }

  @Test
  @Tag("rule-8")
  @Tag("small-rule-2")
  void edit_isFound_whenSizeAndTimeAreTheSame() throws Exception {
    fixture.run();
    Path file = fixture.source.resolve("same-size");
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "54321");
    Files.setLastModifiedTime(file, time);
    later();

    healthy(fixture.run());

    assertThat(fixture.mirror(file)).hasContent("54321");
  }

  @Test
  @Tag("small-rule-6")
  void run_isRefused_whileAnotherHasTheTarget() throws Exception {
    fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    BackupException[] refused = new BackupException[1];
    posix.before(
        Call.LIST,
        fixture.source.toString(),
        () -> {
          try {
            new EngineFixture(scratch).run();
          } catch (BackupException e) {
            refused[0] = e;
          }
        });
    later();
    fixture.run();

    assertThat(refused[0]).hasMessageContaining("in use by another run");
    healthy(fixture.run());
  }
}
