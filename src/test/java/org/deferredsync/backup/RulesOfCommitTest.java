package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.CommitOutcomeUnknownException;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A batch exists from its COMMIT on, whatever that answers, and is published exactly once. */
@EnabledOnOs(OS.LINUX)
final class RulesOfCommitTest {
  /** The first commit of a run says that it began; this is that of its first batch. */
  private static final int BATCH = 2;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private Map<String, String> first = Map.of();

  @BeforeEach
  void firstRun() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.write(source, "p", "a file");
    ChangingTree.write(source, "content", "one");
    ChangingTree.write(source, "a", "of two names");
    ChangingTree.link(source, "b", "a");
    ChangingTree.write(source, "gone-tree/file", "gone");
    fixture.run();
    first = TreeText.of(source);
    fixture.ahead(Duration.ofSeconds(20));
  }

  private Path own(String name) {
    return fixture.target.resolve(Target.OWN).resolve(name);
  }

  private Path mirror(String name) {
    return fixture.mirror(source.resolve(name));
  }

  private List<Operation> pending() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader.pending();
    }
  }

  private void nextRunIsSound() throws Exception {
    fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  /** The commit with this number answers with an error, having happened or not. */
  private static CommitHook failing(int number, boolean happened) {
    return new CommitHook() {
      private int commits;

      @Override
      public void before() throws CatalogueException {
        commits++;
        fail(!happened);
      }

      @Override
      public void after() throws CatalogueException {
        fail(happened);
      }

      private void fail(boolean here) throws CatalogueException {
        if (here && commits == number) {
          throw new CommitOutcomeUnknownException(new IOException("disk I/O error"));
        }
      }
    };
  }

  private void runWhoseCommitFails(int number, boolean happened) {
    fixture.with(failing(number, happened));
    assertThatThrownBy(() -> fixture.run())
        .isInstanceOf(BackupException.class)
        .hasCauseInstanceOf(CommitOutcomeUnknownException.class)
        .hasMessageContaining("the next run finds out whether it happened");
    fixture.with(CommitHook.NONE);
  }

  @Test
  @Tag("rule-2")
  void run_isFinishedByRecovery_whenItsCommitFailedAndHadHappened() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "new", "new");

    runWhoseCommitFails(BATCH, true);

    assertThat(own("staging")).isNotEmptyDirectory();
    assertThat(pending()).isNotEmpty();
    assertThat(mirror("content")).hasContent("one");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    FaultyPosix recovering = FaultyPosix.ofSystem();
    fixture.with(recovering);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(recovering.log())
        .as("the batch is there: its files are not copied again")
        .noneMatch(entry -> entry.call() == Call.CREATE_FILE && inStaging(entry));
    nextRunIsSound();
  }

  @Test
  @Tag("rule-2")
  void run_isForgottenByRecovery_whenItsCommitFailedAndHadNotHappened() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "new", "new");

    runWhoseCommitFails(BATCH, false);

    assertThat(own("staging")).as("the run cannot know, and keeps all").isNotEmptyDirectory();
    assertThat(pending()).isEmpty();
    assertThat(mirror("content")).hasContent("one");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    nextRunIsSound();
  }

  @Test
  @Tag("rule-2")
  void run_isHealed_whicheverOfItsCommitsFails() throws Exception {
    fixture.with(new Batch.Limits(2, 1 << 20));
    for (int i = 0; i < 14; i++) {
      ChangingTree.write(source, "content", "x".repeat(10 + i));
      ChangingTree.write(source, "new/" + i + "/file", "new " + i);
      fixture.ahead(Duration.ofSeconds(30 + i));
      boolean happened = i % 2 == 0;

      runWhoseCommitFails(1 + i / 2 % 4, happened);

      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    }
    nextRunIsSound();
  }

  /** The database that a failed commit leaves may live in the page cache alone. */
  @Test
  @Tag("rule-2")
  void recovery_makesTheCatalogueDurable_beforeItPublishes() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    Path log = own("catalogue.db-wal");
    List<Long> sizes = new ArrayList<>();
    // The last connection that is closed would empty the log: here it is not the run's.
    try (Catalogue open = Catalogue.openReader(own(Target.CATALOGUE))) {
      assertThat(open.generation()).isPositive();
      runWhoseCommitFails(BATCH, true);
      assertThat(log).isNotEmptyFile();
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.before(Call.RENAME, "content", () -> sizes.add(Files.size(log)));
      fixture.with(posix).run();
    }

    assertThat(sizes).containsExactly(0L);
    nextRunIsSound();
  }

  @Test
  @Tag("rule-3")
  void recovery_takesNoNewVersionOut_whenAFileBecameADirectory() throws Exception {
    Files.delete(source.resolve("p"));
    ChangingTree.write(source, "p/new", "in the new p");
    Path saved = scratch.resolve("saved");
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    int deaths = 0;
    for (int number = 1; diesInRecovery(number); number++) {
      deaths++;
      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
      nextRunIsSound();
      assertThat(mirror("p/new")).hasContent("in the new p");
      Shell.run("rm", "-rf", fixture.target.toString());
      Shell.run("cp", "-a", saved.toString(), fixture.target.toString());
    }
    assertThat(deaths).isGreaterThan(8);
  }

  /**
   * Dies behind the commit, and again behind the change with this number; false if none is left.
   */
  private boolean diesInRecovery(int number) throws Exception {
    assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.crashAfter(number);
    fixture.with(posix);
    try {
      fixture.run();
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      posix.endProcess();
    }
  }

  /** A rename made of link and unlink, cut short: rename(2) of one to the other does nothing. */
  @Test
  @Tag("rule-3")
  void recovery_leavesNothingInStaging_whereBothNamesAreOneFile() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "new", "new");
    ChangingTree.link(source, "c", "a");
    assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
    for (Operation operation : pending()) {
      String staged = operation.staged();
      if (staged != null) {
        Path path = fixture.mirror(Path.of(operation.path().toString()));
        Files.deleteIfExists(path);
        Files.createLink(path, own("staging").resolve(staged));
      }
    }
    assertThat(mirror("content")).hasContent("two, longer");

    nextRunIsSound();
  }

  @Test
  @Tag("rule-3")
  void recovery_removesTheName_whoseFileHasAnother_andNothingElseThere() throws Exception {
    Files.delete(source.resolve("b"));
    assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
    assertThat(mirror("b")).exists();
    nextRunIsSound();

    Files.delete(source.resolve("content"));
    fixture.ahead(Duration.ofSeconds(40));
    assertThat(fixture.diesBeforeCommit(BATCH + 1)).isTrue();
    assertThat(mirror("content")).as("removed, and not forgotten yet").doesNotExist();
    Files.writeString(mirror("content"), "by hand");
    fixture.run();
    assertThat(mirror("content")).as("not what the removal was about").hasContent("by hand");
  }

  private boolean inStaging(FaultyPosix.Entry entry) {
    return entry.objects().get(0).startsWith(own("staging").toString());
  }

  private boolean changesTheMirror(FaultyPosix.Entry entry) {
    String mirror = fixture.mirror(scratch).toString();
    return entry.call().mutates()
        && entry.objects().stream().anyMatch(object -> object.startsWith(mirror));
  }

  @Test
  @Tag("rule-3")
  void operations_areForgotten_onlyBehindABarrierThatFollowsThem() throws Exception {
    fixture.with(new Batch.Limits(3, 1 << 20));
    for (int i = 0; i < 12; i++) {
      ChangingTree.write(source, "new-" + i, "new");
    }
    Files.delete(source.resolve("content"));
    TargetChecks.delete(source.resolve("gone-tree"));
    assertThat(barrierFollowsEachPublish()).as("batches that published").isGreaterThan(3);

    ChangingTree.write(source, "new-0", "changed");
    Files.delete(source.resolve("new-1"));
    fixture.ahead(Duration.ofSeconds(40));
    assertThat(fixture.diesAfterCommit(BATCH)).isTrue();
    assertThat(barrierFollowsEachPublish()).as("what recovery published").isPositive();
    nextRunIsSound();
  }

  /** Runs, and looks between any two commits; answers between how many the mirror was changed. */
  private int barrierFollowsEachPublish() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    List<Integer> commits = new ArrayList<>(List.of(0));
    CommitHook counting =
        new CommitHook() {
          @Override
          public void before() {
            commits.add(posix.log().size());
          }
        };
    assertThat(fixture.with(posix).with(counting).run().verdict()).isEqualTo(Verdict.GOOD);
    int published = 0;
    for (int i = 1; i < commits.size(); i++) {
      List<FaultyPosix.Entry> between = posix.log().subList(commits.get(i - 1), commits.get(i));
      int change = lastOf(between, true);
      if (change >= 0) {
        published++;
        assertThat(lastOf(between, false)).as("%s", between).isGreaterThan(change);
      }
    }
    return published;
  }

  /** The last change of the mirror, or the last barrier; -1 if there is none. */
  private int lastOf(List<FaultyPosix.Entry> calls, boolean change) {
    int last = -1;
    for (int i = 0; i < calls.size(); i++) {
      FaultyPosix.Entry entry = calls.get(i);
      if (change ? changesTheMirror(entry) : entry.call() == Call.SYNC_FILE_SYSTEM) {
        last = i;
      }
    }
    return last;
  }

  @Test
  @Tag("rule-3")
  void stagedNames_areNeverUsedTwice() throws Exception {
    List<String> names = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      ChangingTree.write(source, "content", "x".repeat(50 + run));
      ChangingTree.write(source, "new-" + run, "new");
      fixture.ahead(Duration.ofSeconds(40 + 10 * run));
      FaultyPosix posix = FaultyPosix.ofSystem();
      fixture.with(posix).with(run == 0 ? Deaths.beforeCommit(posix, BATCH) : CommitHook.NONE);
      try {
        fixture.run();
      } catch (CrashError expected) {
        posix.endProcess();
      }
      posix.log().stream()
          .filter(entry -> entry.call() == Call.CREATE_FILE && inStaging(entry))
          .forEach(entry -> names.add(entry.objects().get(0)));
    }

    assertThat(names).hasSizeGreaterThan(5);
    assertThat(new TreeSet<>(names)).hasSameSizeAs(names);
  }
}
