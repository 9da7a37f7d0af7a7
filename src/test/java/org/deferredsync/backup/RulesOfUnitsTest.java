package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is one unit, and what is cut to the size of a batch. */
@EnabledOnOs(OS.LINUX)
final class RulesOfUnitsTest {
  private static final int FILES = 5;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch).with(new Batch.Limits(FILES, 1 << 20));
    source = fixture.source;
    ChangingTree.write(source, "a", "x");
    ChangingTree.link(source, "b", "a");
  }

  private void run() throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  private void tree(String top) throws Exception {
    for (int i = 0; i < 40; i++) {
      ChangingTree.write(source, top + "/many/" + i, "file " + i);
      ChangingTree.write(source, top + "/deep/" + i % 7 + "/" + i, "deep " + i);
    }
  }

  /** The most calls of a kind between two barriers. */
  private static int mostBetweenBarriers(FaultyPosix posix, Call call) {
    int most = 0;
    int now = 0;
    for (FaultyPosix.Entry entry : posix.log()) {
      now =
          entry.call() == Call.SYNC_FILE_SYSTEM
              ? 0
              : now
                  + (entry.call() == call && !entry.objects().get(0).contains("/manifests/")
                      ? 1
                      : 0);
      most = Math.max(most, now);
    }
    return most;
  }

  @Test
  @Tag("rule-14")
  void newTree_thatIsLargerThanABatch_goesInByParts() throws Exception {
    run();
    tree("new");
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).ahead(Duration.ofSeconds(20));

    runIsSound(posix);

    assertThat(mostBetweenBarriers(posix, Call.CREATE_FILE)).isBetween(2, FILES + 1);
  }

  private void runIsSound(FaultyPosix posix) throws Exception {
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(posix.openObjects()).isEmpty();
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-14")
  void removedTree_thatIsLargerThanABatch_liesWholeInOneIncrement() throws Exception {
    tree("top/old");
    run();
    Map<String, String> before = TreeText.of(source);
    TargetChecks.delete(source.resolve("top"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).ahead(Duration.ofSeconds(20));

    runIsSound(posix);

    assertThat(mostBetweenBarriers(posix, Call.UNLINK)).isLessThanOrEqualTo(2 * FILES);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  @Test
  @Tag("rule-14")
  void removedTree_isTakenUpAgain_whereTheIncrementHoldsAPartOfIt() throws Exception {
    tree("old");
    run();
    Map<String, String> before = TreeText.of(source);
    TargetChecks.delete(source.resolve("old"));
    for (int death = 2; death < 8; death += 2) {
      fixture.ahead(Duration.ofSeconds(20 + death));
      assertThat(fixture.diesAfterCommit(death)).isTrue();
      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
    }
    fixture.ahead(Duration.ofSeconds(60));

    run();

    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  @Test
  @Tag("rule-14")
  void typeChange_isOneUnitWithItsRemoval_beforeAllOtherRemovals() throws Exception {
    tree("d");
    ChangingTree.write(source, "0-goes", "x");
    run();
    Map<String, String> before = TreeText.of(source);
    TargetChecks.delete(source.resolve("d"));
    ChangingTree.write(source, "d", "a file now");
    Files.delete(source.resolve("0-goes"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).ahead(Duration.ofSeconds(20));

    runIsSound(posix);

    List<String> changes = posix.changes();
    String mirror = fixture.mirror(source).toString();
    assertThat(changes.indexOf(Call.UNLINK + " " + mirror + "/0-goes"))
        .isGreaterThan(changes.lastIndexOf(Call.REMOVE_DIRECTORY + " " + mirror + "/d"))
        .isPositive();
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  @Test
  @Tag("rule-14")
  void allNamesOfAFile_areInOneBatch() throws Exception {
    for (int i = 0; i < 4 * FILES; i++) {
      ChangingTree.link(source, "name-" + i, "a");
    }
    run();
    Files.writeString(source.resolve("a"), "all of them, and longer");
    List<Long> put = new ArrayList<>();
    CommitHook looking =
        new CommitHook() {
          @Override
          public void after() throws CatalogueException {
            Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
            try (Catalogue catalogue = Catalogue.openReader(file)) {
              put.add(
                  catalogue.pending().list().stream()
                      .filter(operation -> operation.kind() == Kind.PUT)
                      .count());
            }
          }
        };
    fixture.with(looking).ahead(Duration.ofSeconds(20));

    run();

    assertThat(put).contains(4L * FILES + 2);
  }

  @Test
  @Tag("small-rule-11")
  void file_thatIsLargerThanABatch_isOneOfItsOwn() throws Exception {
    fixture.with(new Batch.Limits(1000, 100));
    for (String name : List.of("c", "d", "e")) {
      ChangingTree.write(source, name, name.repeat(100_000));
    }
    run();
    for (String name : List.of("c", "d", "e")) {
      ChangingTree.write(source, name, name.repeat(200_000));
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix).ahead(Duration.ofSeconds(20));

    runIsSound(posix);

    assertThat(mostBetweenBarriers(posix, Call.CREATE_FILE)).isEqualTo(1);
  }

  @Test
  @Tag("rule-15")
  void chmod_ofOneName_doesNotReachTheOther_thatBecameItsOwnFile() throws Exception {
    run();
    Map<String, String> before = TreeText.of(source);
    Files.delete(source.resolve("b"));
    ChangingTree.write(source, "b", "its own file now");
    mode("a", "rwx------");
    for (int files : new int[] {1, FILES, 100}) {
      fixture.with(new Batch.Limits(files, 1 << 20)).ahead(Duration.ofSeconds(20 + files));
      for (int death = 2; fixture.diesAfterCommit(death) && death < 4; death++) {
        assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
        Map<String, String> mirror = TreeText.of(fixture.mirror(source));
        assertThat(String.valueOf(mirror.get("b")).replaceFirst(" = .*", ""))
            .as("old or new")
            .isIn(
                String.valueOf(before.get("b")).replaceFirst(" = .*", ""),
                TreeText.of(source).get("b"));
      }
      run();
      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
    }
  }

  @Test
  @Tag("rule-15")
  void chmod_ofAFile_leavesTheNamesThatAreNotOurs() throws Exception {
    ChangingTree.write(source, "single", "one name");
    run();
    Map<String, String> before = TreeText.of(source);
    Path kept = scratch.resolve("kept-by-the-operator");
    Shell.run("cp", "-al", fixture.mirror(source).toString(), kept.toString());
    mode("single", "rwx------");
    mode("a", "rwxr-x---");
    fixture.with(Posix.ofSystem()).ahead(Duration.ofSeconds(20));

    run();

    Map<String, String> copy = TreeText.of(kept);
    for (String name : List.of("single", "a", "b")) {
      assertThat(copy.get(name)).isEqualTo(before.get(name));
    }
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  private void mode(String name, String mode) throws Exception {
    Files.setPosixFilePermissions(source.resolve(name), PosixFilePermissions.fromString(mode));
  }
}
