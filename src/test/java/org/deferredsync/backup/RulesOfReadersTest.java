package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.ForeignCheckpoint;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Readers need no recovery, no room and no right to write, even behind a killed run. */
@EnabledOnOs(OS.LINUX)
final class RulesOfReadersTest {
  private static final int BATCH = 2;
  private static final Logger LOG = LoggerFactory.getLogger("reader");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path disk;
  private boolean mounted;
  private Map<String, String> first = Map.of();

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    disk = fixture.target;
    ChangingTree.make(fixture.source);
  }

  private void mountDisk(String size) throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a small disk");
    Shell.run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk.toString());
    mounted = true;
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted) {
      Shell.run("umount", disk.toString());
    }
  }

  private void firstRun() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    first = TreeText.of(fixture.source);
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
  }

  /**
   * Leaves the target as a killed process does: the batch committed, not published, and all of it
   * in the write-ahead log alone. A process that ends in another way empties that log.
   */
  private void killBehindTheCommit() throws Exception {
    Path saved = Files.createDirectory(scratch.resolve("saved"));
    FaultyPosix dying = FaultyPosix.ofSystem();
    fixture.with(dying).with(Deaths.afterCommit(dying, BATCH));
    // What is open beside the run keeps it from emptying the log as it closes.
    try (Catalogue open = Catalogue.openReader(catalogueFile())) {
      assertThat(open.generation()).isPositive();
      try {
        fixture.run();
      } catch (CrashError expected) {
        dying.endProcess();
      }
      Shell.run("cp", "-a", catalogueFile().toString(), log().toString(), saved.toString());
    }
    Shell.run("cp", "-a", saved + "/.", fixture.target.resolve(".deferred-sync").toString());
    Files.deleteIfExists(log().resolveSibling("catalogue.db-shm"));
    fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    assertThat(log()).isNotEmptyFile();
  }

  private Path catalogueFile() {
    return disk.resolve(Target.OWN).resolve(Target.CATALOGUE);
  }

  private Path log() {
    return catalogueFile().resolveSibling("catalogue.db-wal");
  }

  private void fill() throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream filler = Files.newOutputStream(disk.resolve("filler"))) {
      while (true) {
        filler.write(block);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
    assertThat(Files.getFileStore(disk).getUsableSpace()).isZero();
  }

  private void firstSnapshotComesBack() throws Exception {
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  private void nextRunIsSound() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  @Test
  @Tag("rule-6")
  void restore_works_behindAKilledRun() throws Exception {
    firstRun();
    killBehindTheCommit();

    firstSnapshotComesBack();
    nextRunIsSound();
  }

  /** The reader was there first: of what is pending it learns only when it looks again. */
  @Test
  @Tag("rule-6")
  void restoreAndVerify_findWhatARunMoved_andHasNotPublishedYet() throws Exception {
    ChangingTree.write(fixture.source, "moving/one", "one");
    ChangingTree.write(fixture.source, "moving/two", "two");
    firstRun();
    Files.move(fixture.source.resolve("moving"), fixture.source.resolve("moved"));
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
      assertThat(TargetChecks.isPending(fixture)).isTrue();
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.now(), ZoneOffset.UTC);
      FilePath source = EngineFixture.filePath(fixture.source);
      Path to = scratch.resolve("to");

      Restorer.Result restored =
          new Restorer(snapshot, Clock.systemUTC(), LOG)
              .restore(List.of(source), EngineFixture.filePath(to));
      ByteArrayOutputStream printed = new ByteArrayOutputStream();
      new CheckedFile(snapshot, Clock.systemUTC(), LOG)
          .read(
              EngineFixture.filePath(fixture.source.resolve("moving/two")),
              (buffer, length) -> printed.write(buffer, 0, length));

      assertThat(restored.failed()).isZero();
      assertThat(TreeText.of(to.resolve("source"))).isEqualTo(first);
      assertThat(printed).hasToString("two");
      Verifier.Result found = new Verifier(reader, Clock.systemUTC(), LOG).verify();
      assertThat(found.good()).as("%s", found).isTrue();
    }
    nextRunIsSound();
  }

  @Test
  @Tag("rule-6")
  void restore_works_onAReadOnlyDisk_withALiveLog() throws Exception {
    mountDisk("64m");
    firstRun();
    killBehindTheCommit();
    Shell.run("mount", "-o", "remount,ro", disk.toString());

    firstSnapshotComesBack();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(reader.pending()).as("what is in the log alone").isNotEmpty();
    }

    Shell.run("mount", "-o", "remount,rw", disk.toString());
    nextRunIsSound();
  }

  @Test
  @Tag("rule-6")
  void restore_works_withNoByteFree_andALiveLog() throws Exception {
    mountDisk("64m");
    firstRun();
    killBehindTheCommit();
    fill();

    firstSnapshotComesBack();

    Files.delete(disk.resolve("filler"));
    nextRunIsSound();
  }

  /** The reserve gives the room to begin with. */
  @Test
  @Tag("rule-6")
  void prune_works_withNoByteFree() throws Exception {
    mountDisk("256m");
    firstRun();
    fixture.ahead(Duration.ofDays(1));
    nextRunIsSound();
    Map<String, String> second = TreeText.of(fixture.source);
    fixture.ahead(Duration.ofDays(4));
    assertThat(disk.resolve(Target.OWN).resolve("reserve")).hasSize(16 << 20);
    fill();

    Prune.Report report =
        new Prune(
                fixture.engine(),
                EngineFixture.filePath(disk),
                Set.of(EngineFixture.filePath(fixture.source)),
                LoggerFactory.getLogger("prune"))
            .run(new Retention(1, 1));

    assertThat(report.hindrance()).isEmpty();
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(2L);
    assertThat(TargetChecks.restored(fixture, 2)).isEqualTo(second);
    Files.delete(disk.resolve("filler"));
    fixture.ahead(Duration.ofDays(4).plusSeconds(60));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(disk.resolve(Target.OWN).resolve("reserve")).as("made again").exists();
  }

  @Test
  @Tag("rule-6")
  void preview_plansAsIfAllWerePublished_andWritesNothing_behindAKilledRun() throws Exception {
    firstRun();
    killBehindTheCommit();
    ChangingTree.write(fixture.source, "new", "changed once more");
    fixture.ahead(Duration.ofSeconds(40));
    Map<String, String> before = TreeText.of(scratch);

    Counts planned = fixture.preview().sources().get(0).result().counts();

    assertThat(TreeText.of(scratch)).isEqualTo(before);
    assertThat(planned.added() + planned.removed()).isPositive();
    assertThat(fixture.run().sources().get(0).result().counts())
        .returns(planned.added(), Counts::added)
        .returns(planned.removed(), Counts::removed);
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-6")
  void run_leavesNoLog_whenItEnds() throws Exception {
    try (Catalogue open = openBesideTheRun()) {
      assertThat(open.generation()).isPositive();
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
      assertThat(log()).isEmptyFile();
    }
  }

  private Catalogue openBesideTheRun() throws Exception {
    firstRun();
    return Catalogue.openReader(catalogueFile());
  }

  /** What may live in the log alone is published by nobody who cannot make it durable first. */
  @Test
  @Tag("rule-2")
  void recovery_waits_whileSomebodyElseMovesTheLog() throws Exception {
    firstRun();
    assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
    Map<String, String> left = TreeText.of(fixture.mirror(fixture.source));
    try (ForeignCheckpoint foreign = ForeignCheckpoint.begin(catalogueFile())) {
      assertThatThrownBy(fixture::run)
          .isInstanceOf(BackupException.class)
          .hasMessageContaining("somebody reads it and recovery has to wait; run again");
      assertThat(foreign).isNotNull();
    }
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(left);

    firstSnapshotComesBack();
    nextRunIsSound();
  }

  @Test
  @Tag("rule-6")
  void run_isGood_whereSomebodyElseKeepsTheLog_andTheNextEmptiesIt() throws Exception {
    firstRun();
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    LastCommit last = new LastCommit();
    fixture.with(last).ahead(Duration.ofSeconds(40));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    last.rehearsed();
    fixture.ahead(Duration.ofSeconds(60));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(log()).isNotEmptyFile();
    last.close();
    fixture.with(CommitHook.NONE).ahead(Duration.ofSeconds(80));
    nextRunIsSound();
    assertThat(Files.exists(log()) ? Files.size(log()) : 0).isZero();
  }

  /** Begins a foreign checkpoint behind the last commit of a run that was rehearsed. */
  private final class LastCommit implements CommitHook {
    private int count;
    private int last = -1;
    private @Nullable ForeignCheckpoint foreign;

    void rehearsed() {
      last = count;
      count = 0;
    }

    @Override
    public void after() {
      if (++count == last) {
        try {
          foreign = ForeignCheckpoint.begin(catalogueFile());
        } catch (SQLException e) {
          throw new AssertionError(e);
        }
      }
    }

    void close() throws Exception {
      Objects.requireNonNull(foreign, "no last commit").close();
    }
  }
}
