package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A catalogue made again where more than the catalogue is lost, or where a prune was cut short. */
@EnabledOnOs(OS.LINUX)
final class LossyRebuildTest {
  private static final Logger LOG = LoggerFactory.getLogger("rebuild");
  private static final Retention SHORT = new Retention(2, 1);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private Path other;
  private int day;
  private SavedTarget saved;
  private Set<FilePath> configured = Set.of();

  /** Three runs on three days, of which the first has a source more. */
  @BeforeEach
  void threeDays() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    other = Files.createDirectory(scratch.resolve("other"));
    ChangingTree.write(other, "file", "of another source");
    ChangingTree.write(other, "linked", "of both");
    Files.createLink(source.resolve("linked"), other.resolve("linked"));
    configured = Set.of(EngineFixture.filePath(source));
    changed();
    run(source, other);
    changed();
    run(source);
    changed();
    run(source);
    saved = SavedTarget.of(fixture);
  }

  private void changed() throws IOException {
    String text = "of day " + day;
    ChangingTree.write(source, "changes", text);
    ChangingTree.write(source, "tree-" + day + "/file", text);
    Files.deleteIfExists(source.resolve("link"));
    Files.createSymbolicLink(source.resolve("link"), Path.of(text));
    if (day > 0) {
      TargetChecks.delete(source.resolve("tree-" + (day - 1)));
    }
  }

  private void run(Path... sources) throws Exception {
    fixture.ahead(Duration.ofDays(day++));
    BackupReport report = fixture.run(sources);
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
  }

  private Path own(String name) {
    return fixture.target.resolve(".deferred-sync").resolve(name);
  }

  private List<Path> manifests() throws IOException {
    try (Stream<Path> files = Files.list(own("manifests"))) {
      return files.filter(file -> !file.endsWith("runs.gz")).sorted().toList();
    }
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names.filter(name -> name.toString().contains("/_backup_")).sorted().toList();
    }
  }

  private Rebuild.Report rebuild() throws Exception {
    for (String name : List.of("catalogue.db", "catalogue.db-wal", "catalogue.db-shm")) {
      Files.deleteIfExists(own(name));
    }
    return new Rebuild(fixture.engine(), EngineFixture.filePath(fixture.target), configured, LOG)
        .run(false);
  }

  /** What can be restored of each snapshot. */
  private Map<Long, Map<String, String>> snapshots() throws Exception {
    Map<Long, Map<String, String>> all = new TreeMap<>();
    for (long id : TargetChecks.snapshots(fixture)) {
      all.put(id, TargetChecks.restored(fixture, id));
    }
    return all;
  }

  /** What is in the target is known to it, and stays known when the catalogue is lost again. */
  private void isWholeAndStaysSo() throws Exception {
    Verifier.Result result = TargetChecks.verify(fixture);
    assertThat(result.good()).as("%s", result).isTrue();
    assertThat(result.unknown()).isZero();
    run(source);
    TargetChecks.sound(fixture);
    String before = CatalogueText.of(fixture);
    assertThat(rebuild().exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
  }

  // --- of manifests ----------------------------------------------------------------------------

  @Test
  void rebuild_keepsAllVersions_whereTheListOfRunsIsGone() throws Exception {
    Map<Long, Map<String, String>> before = snapshots();
    Files.delete(own("manifests/runs.gz"));

    assertThat(rebuild().exact()).as("how runs ended is not known").isFalse();

    assertThat(snapshots()).isEqualTo(before);
    isWholeAndStaysSo();
  }

  @Test
  void rebuild_takesARunThatDied_asOneThatEndedSomehow_whereTheListOfRunsIsGone() throws Exception {
    changed();
    fixture.ahead(Duration.ofDays(day++));
    int commit = 1;
    while (fixture.diesAfterCommit(commit) && manifests().size() < 4) {
      commit++;
    }
    Files.delete(own("manifests/runs.gz"));

    assertThat(rebuild().exact()).isFalse();

    assertThat(TargetChecks.restored(fixture, 3)).containsKey("tree-2/file");
    assertThat(TargetChecks.isPending(fixture)).isFalse();
    isWholeAndStaysSo();
  }

  @Test
  void rebuild_asksForAnother_whereTheListOfRunsCannotBeReadNow() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, "runs.gz", Errno.EIO);
    fixture.with(posix);

    assertThatThrownBy(this::rebuild)
        .isInstanceOf(BackupException.class)
        .hasMessageContaining("/manifests/")
        .hasMessageContaining("runs.gz")
        .hasMessageContaining("rebuild again when it can be read");

    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
    assertThat(rebuild().exact()).isTrue();
  }

  @Test
  void rebuild_takesFromFiles_whatManifestsKnew_thatAreAllGoneFromTheirDirectory()
      throws Exception {
    for (Path manifest : manifests()) {
      Files.delete(manifest);
    }
    Files.delete(own("manifests/runs.gz"));
    Files.delete(own("generation"));
    configured = Set.of(EngineFixture.filePath(source), EngineFixture.filePath(other));

    Rebuild.Report report = rebuild();

    assertThat(report.exact()).isFalse();
    assertThat(report.found()).isPositive();
    assertThat(TargetChecks.restored(fixture, report.runs())).isEqualTo(TreeText.of(source));
    isWholeAndStaysSo();
  }

  @Test
  void rebuild_needsNoGeneration_whereItIsGone() throws Exception {
    String before = CatalogueText.of(fixture);
    Files.delete(own("generation"));

    assertThat(rebuild().exact()).isTrue();

    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
  }

  /** All was written anew, and the run died before the old ones were deleted. */
  @Test
  void rebuild_takesTheOlderManifests_whereTheNewestWithAllRowsIsDamaged() throws Exception {
    Files.delete(newest());
    run(source); // writes all anew
    Path older = newest();
    changed();
    run(source);
    Path between = newest();
    byte[] batch = Files.readAllBytes(between);
    Files.delete(between);
    changed();
    FaultyPosix dying = FaultyPosix.ofSystem();
    dying.before(
        Call.UNLINK, older.getFileName().toString(), () -> dying.die("before the old ones go"));
    fixture.with(dying);
    assertThatThrownBy(() -> run(source)).isInstanceOf(CrashError.class);
    dying.endProcess();
    fixture.with(Posix.ofSystem());
    Files.write(between, batch);
    Map<Long, Map<String, String>> before = snapshots();
    Path all = newest();
    byte[] bytes = Files.readAllBytes(all);
    bytes[bytes.length / 2] ^= 0x10;
    Files.write(all, bytes);

    assertThat(rebuild().exact()).isFalse();

    assertThat(all.resolveSibling(all.getFileName() + ".damaged")).hasBinaryContent(bytes);
    assertThat(snapshots()).isEqualTo(before);
    isWholeAndStaysSo();
  }

  @Test
  void rebuild_takesFromFiles_whatTheNewestManifestKnew() throws Exception {
    Map<Long, Map<String, String>> before = snapshots();
    Files.delete(newest());

    assertThat(rebuild().exact()).isFalse();

    Map<String, String> now = TargetChecks.restored(fixture, 3);
    Map<String, String> then = new TreeMap<>(before.get(3L));
    now.remove("."); // the time of a directory is that of the last row about it
    then.remove(".");
    assertThat(now).isEqualTo(then);
    isWholeAndStaysSo();
  }

  @Test
  void rebuild_findsWhatHasMoved_whereNothingTellsOfTheMove() throws Exception {
    ChangingTree.write(source, "moved", "what moves");
    Files.createDirectory(source.resolve("into"));
    run(source);
    Map<String, String> before = TargetChecks.restored(fixture, 4);
    Files.move(source.resolve("moved"), source.resolve("into/here"));
    run(source);
    Map<String, String> after = TargetChecks.restored(fixture, 5);
    Files.delete(newest());

    assertThat(rebuild().exact()).isFalse();

    for (Map.Entry<Long, Map<String, String>> each : Map.of(4L, before, 5L, after).entrySet()) {
      Map<String, String> now = TargetChecks.restored(fixture, each.getKey());
      for (Map<String, String> tree : List.of(now, each.getValue())) {
        List.of(".", "into").forEach(tree::remove); // the time of the last row about it
      }
      assertThat(now).isEqualTo(each.getValue());
    }
    isWholeAndStaysSo();
  }

  /** The manifest of the last batch, with all rows if there is one. */
  private Path newest() throws IOException {
    List<Path> all = manifests();
    Path last = all.get(all.size() - 1);
    Path whole = last.resolveSibling(last.getFileName().toString().substring(0, 12) + "-all.gz");
    return Files.exists(whole) ? whole : last;
  }

  /** A run of many batches that was killed: of its last ones nothing tells but their number. */
  @ParameterizedTest(name = "{0} of its manifests stay")
  @ValueSource(ints = {0, 1})
  void rebuild_sees_thatTheManifestsOfARunThatDiedAreMissing(int stay) throws Exception {
    for (String name : List.of("moved-1", "moved-2", "changed-1", "changed-2")) {
      ChangingTree.write(source, name, "the first " + name);
    }
    run(source);
    Map<String, String> before = TargetChecks.restored(fixture, 4);
    for (String name : List.of("1", "2")) {
      Files.move(source.resolve("moved-" + name), source.resolve("at-" + name));
      ChangingTree.write(source, "changed-" + name, "changed");
      ChangingTree.write(source, "new-" + name, "new");
    }
    dies(5);
    deleteManifests(5, stay);

    Rebuild.Report report = rebuild();

    assertThat(report.exact()).isFalse();
    assertThat(report.runs()).isEqualTo(5);
    assertThat(TargetChecks.restored(fixture, 4)).isEqualTo(before);
    isWholeAndStaysSo();
    assertThat(TargetChecks.restored(fixture, 4)).isEqualTo(before);
  }

  /** Nothing but its number tells of it: it has no increment. */
  @Test
  void rebuild_givesARun_whatMovedInOneOfWhichNoManifestIsLeft() throws Exception {
    ChangingTree.write(source, "moved", "what moves");
    run(source);
    Map<String, String> before = TargetChecks.restored(fixture, 4);
    Files.move(source.resolve("moved"), source.resolve("here"));
    dies(4);
    assertThat(fixture.mirror(source.resolve("here"))).exists();
    deleteManifests(5, 0);

    Rebuild.Report report = rebuild();

    assertThat(report.exact()).isFalse();
    assertThat(report.runs()).isEqualTo(5);
    assertThat(TargetChecks.restored(fixture, 4)).isEqualTo(before);
    isWholeAndStaysSo();
  }

  /** A run of small batches, in which the commit with this number is the last. */
  private void dies(int commit) throws Exception {
    fixture.ahead(Duration.ofDays(day++));
    fixture.with(new Batch.Limits(1, 1 << 20));
    assertThat(fixture.diesAfterCommit(commit)).isTrue();
    fixture.with(Batch.Limits.USUAL);
  }

  private void deleteManifests(long run, int stay) throws IOException {
    List<Path> all =
        manifests().stream()
            .filter(name -> name.toString().endsWith("-run-" + run + ".gz"))
            .toList();
    assertThat(all).hasSizeGreaterThan(stay);
    for (Path manifest : all.subList(stay, all.size())) {
      Files.delete(manifest);
    }
  }

  // --- of increments ---------------------------------------------------------------------------

  @Test
  void rebuild_givesEachIncrementARun_ofWhichNothingTells() throws Exception {
    for (String name : List.of("_backup_20010101T000000Z", "_backup_20990101T000000Z")) {
      Path file = fixture.target.resolve(name).resolve(source.toString().substring(1));
      ChangingTree.write(file, "old", "of " + name);
    }
    String between = increments().get(1).getFileName().toString();
    int minute = between.indexOf('T') + 3;
    Path copied =
        fixture.target.resolve(
            between.substring(0, minute) + "59" + between.substring(minute + 2, minute + 4) + "Z");
    ChangingTree.write(copied.resolve(source.toString().substring(1)), "old", "of " + copied);

    assertThat(rebuild().runs()).isEqualTo(6);

    assertThat(snapshots().get(3L)).containsKey("tree-2/file");
    Verifier.Result result = TargetChecks.verify(fixture);
    assertThat(result.good()).as("%s", result).isTrue();
    assertThat(result.unknown()).isZero();
  }

  @Test
  void rebuild_stillMissesAnIncrement_thatSomebodyHasDeleted() throws Exception {
    TargetChecks.delete(increments().get(0));

    assertThat(rebuild().exact()).isTrue();

    assertThat(TargetChecks.verify(fixture).missing()).isPositive();
    assertThat(TargetChecks.restored(fixture, 3)).isEqualTo(TreeText.of(source));
  }

  /** What is to go and cannot yet, since history of another source needs it. */
  @Test
  void rebuild_knowsWhichSourceIsBeingRemoved() throws Exception {
    Files.delete(source.resolve("linked"));
    run(source);
    Prune.Removal removal = prune().remove(EngineFixture.filePath(other));
    assertThat(removal.staying()).isPositive();
    String before = CatalogueText.of(fixture);

    assertThat(rebuild().exact()).isTrue();

    assertThat(CatalogueText.of(fixture)).isEqualTo(before).contains("removals [" + other + "]");
  }

  // --- of a prune ------------------------------------------------------------------------------

  /** One that is done by hand, or takes away a source. */
  private interface Pruning {
    void by(Prune prune) throws BackupException, IOException;
  }

  @Test
  void rebuild_goesOnFromWhereverAPruneDied() throws Exception {
    diesEverywhere(prune -> prune.run(SHORT));
    assertThat(TargetChecks.snapshots(fixture))
        .as("of the retired source 1")
        .containsExactly(1L, 3L);
  }

  @Test
  void rebuild_goesOnFromWhereverARemovalDied() throws Exception {
    FilePath retired = EngineFixture.filePath(other);
    diesEverywhere(
        prune -> {
          try {
            prune.remove(retired);
          } catch (BackupException e) {
            assertThat(e).hasMessageContaining("not a source of this target"); // done already
          }
        });
    assertThat(fixture.mirror(other)).doesNotExist();
  }

  private void diesEverywhere(Pruning pruning) throws Exception {
    fixture.ahead(Duration.ofDays(day));
    boolean died = true;
    for (int commit = 1; died; commit++) {
      saved.bringBack();
      died = diesAfterCommit(commit, pruning);
      Rebuild.Report report = rebuild();
      assertThat(report.exact()).as("died after commit %d", commit).isTrue();
      assertThat(TargetChecks.restored(fixture, 3)).isEqualTo(TreeText.of(source));
      pruning.by(prune());
      Verifier.Result result = TargetChecks.verify(fixture);
      assertThat(result.good()).as("died after commit %d: %s", commit, result).isTrue();
      assertThat(result.unknown()).as("died after commit %d", commit).isZero();
      assertThat(commit).isLessThan(30);
    }
  }

  private Prune prune() {
    return new Prune(
        fixture.engine(),
        EngineFixture.filePath(fixture.target),
        Set.of(EngineFixture.filePath(source)),
        LOG);
  }

  private boolean diesAfterCommit(int commit, Pruning pruning) throws Exception {
    FaultyPosix dying = FaultyPosix.ofSystem();
    fixture.with(dying).with(Deaths.afterCommit(dying, commit));
    try {
      pruning.by(prune());
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      dying.endProcess();
      fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    }
  }
}
