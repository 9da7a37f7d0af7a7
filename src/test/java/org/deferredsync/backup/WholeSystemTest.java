package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The source {@code /}, whose mirror shares the target's root with what is ours. */
@EnabledOnOs(OS.LINUX)
final class WholeSystemTest {
  private static final Path ALL = Path.of("/");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @AutoClose private final LogCapture said = new LogCapture("whole");

  private EngineFixture fixture;
  private Path root;
  private int ahead;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    root = Files.createDirectory(scratch.resolve("root"));
    fixture.with(OtherRoot.of(Posix.ofSystem(), scratch, root));
    ChangingTree.make(root);
  }

  private BackupReport run(Path... sources) throws Exception {
    ahead += 20;
    fixture.ahead(Duration.ofSeconds(ahead));
    return fixture.run(sources);
  }

  private void good(Path... sources) throws Exception {
    BackupReport report = run(sources);
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
  }

  private static List<FilePath> paths(Path... paths) {
    return Arrays.stream(paths).map(EngineFixture::filePath).toList();
  }

  private TargetReader reader() throws Exception {
    return TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target));
  }

  private Restorer.Result restore(String snapshot, boolean inPlace, Path... paths)
      throws Exception {
    TargetChecks.delete(scratch.resolve("to"));
    // what is restored aside goes to where it is
    fixture.with(inPlace ? OtherRoot.of(Posix.ofSystem(), scratch, root) : Posix.ofSystem());
    try (TargetReader reader = reader()) {
      Restorer restorer =
          new Restorer(
              reader.snapshots().at(PointInTime.parse(snapshot), Instant.MAX, ZoneOffset.UTC),
              Clock.systemUTC(),
              said.logger());
      return inPlace
          ? restorer.restoreInPlace(paths(paths), Watcher.NONE)
          : restorer.restore(paths(paths), EngineFixture.filePath(scratch.resolve("to")));
    } finally {
      fixture.with(OtherRoot.of(Posix.ofSystem(), scratch, root));
    }
  }

  private Verifier.Result verify() throws Exception {
    try (TargetReader reader = reader()) {
      return new Verifier(reader, Clock.systemUTC(), said.logger()).verify();
    }
  }

  /** What lies at and below the root, which itself has no name. */
  private Map<String, String> tree() throws Exception {
    Map<String, String> tree = TreeText.of(root);
    tree.remove(".");
    tree.keySet().removeIf(name -> name.startsWith(".deferred-sync-aside-"));
    return tree;
  }

  private Rebuild.Report rebuild(FilePath... configured) throws Exception {
    try (var own = Files.newDirectoryStream(fixture.target.resolve(Target.OWN), "catalogue.db*")) {
      for (Path file : own) {
        Files.delete(file);
      }
    }
    return new Rebuild(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            Set.of(configured),
            said.logger())
        .run(false);
  }

  @Test
  void root_isBackedUp_andComesBack_asAnyOtherSource() throws Exception {
    good(ALL);
    Map<String, String> first = tree();
    ChangingTree.change(root);
    good(ALL);
    Map<String, String> second = tree();
    good(ALL);

    assertThat(verify().good()).as("%s", said.lines()).isTrue();
    assertThat(restore("1", false, ALL).failed()).isZero();
    Map<String, String> restored = TreeText.of(scratch.resolve("to"));
    restored.remove(".");
    assertThat(restored).isEqualTo(first);
    assertThat(restore("1", true, ALL).failed()).isZero();
    assertThat(tree()).isEqualTo(first);
    assertThat(restore("2", true, ALL).failed()).isZero();
    assertThat(tree()).isEqualTo(second);
    assertThat(restore("2", true, ALL)).extracting(Restorer.Result::aside).isEqualTo(0L);
  }

  @Test
  void sourcesBelowTheRoot_comeBack_withAllOfThemGone() throws Exception {
    Path nested = Path.of("/nested");
    Path linked = Path.of("/linked");
    good(nested, linked);
    Map<String, String> first = tree();
    TargetChecks.delete(root.resolve("nested"));
    TargetChecks.delete(root.resolve("linked"));

    assertThat(verify().good()).as("%s", said.lines()).isTrue();
    assertThat(restore("1", true, nested).failed()).isZero();
    assertThat(restore("1", true, Path.of("/linked/a")).failed()).isZero();
    assertThat(restore("1", true, ALL).failed()).isZero();
    assertThat(tree()).isEqualTo(first);
    assertThat(restore("1", false, nested).failed()).isZero();
    assertThat(TreeText.of(scratch.resolve("to/nested/deep")))
        .isEqualTo(TreeText.of(root.resolve("nested/deep")));
  }

  @Test
  void verify_comparesTheRootOfTheMirror_andLeavesWhatIsOurs() throws Exception {
    good(ALL);
    Files.createDirectory(fixture.target.resolve("lost+found"));
    Files.createDirectory(fixture.target.resolve("_backup_20200101"));
    assertThat(verify())
        .extracting(Verifier.Result::good, Verifier.Result::unknown)
        .containsExactly(true, 0L);
    Files.delete(fixture.target.resolve("content"));
    Files.delete(fixture.target.resolve("link"));
    TargetChecks.delete(fixture.target.resolve("empty"));
    Files.writeString(fixture.target.resolve("empty"), "by hand");
    Files.writeString(fixture.target.resolve("unknown"), "by hand");
    FaultyPosix posix = FaultyPosix.ofSystem();
    Path vanishing = Files.writeString(fixture.target.resolve("vanishing"), "by hand");
    posix.before(FaultyPosix.Call.STAT, vanishing.toString(), () -> Files.delete(vanishing));
    fixture.with(posix);

    Verifier.Result found = verify();

    assertThat(found.missing()).as("content, link, empty: %s", said.lines()).isEqualTo(3);
    assertThat(found.unknown()).isEqualTo(1);
    assertThat(vanishing).doesNotExist();
    fixture.with(OtherRoot.of(Posix.ofSystem(), scratch, root));
    Files.delete(fixture.target.resolve("unknown"));
    ahead += 20;
    fixture.ahead(Duration.ofSeconds(ahead));
    Verification verification =
        new Verification(fixture.engine(), EngineFixture.filePath(fixture.target), said.logger());
    assertThat(verification.repair(fixture.request(ALL), Verifier.ALL).good())
        .as("%s", said.lines())
        .isTrue();
    assertThat(fixture.target.resolve("empty")).isEmptyDirectory();
  }

  @Test
  void catalogue_isMadeAgain_fromManifests_andFromFilesAlone() throws Exception {
    good(ALL);
    Map<String, String> first = tree();
    ChangingTree.change(root);
    good(ALL);
    String before = CatalogueText.of(fixture);

    assertThat(rebuild(FilePath.ROOT).exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    assertThat(restore("1", false, ALL).failed()).isZero();
    Map<String, String> restored = TreeText.of(scratch.resolve("to"));
    restored.remove(".");
    assertThat(restored).isEqualTo(first);

    TargetChecks.delete(fixture.target.resolve(".deferred-sync/manifests"));
    Files.createDirectory(fixture.target.resolve("lost+found"));
    assertThat(rebuild(FilePath.ROOT).found()).isPositive();
    good(ALL);
    assertThat(verify().good()).as("%s", said.lines()).isTrue();
    assertThat(Files.readString(fixture.target.resolve("content"))).isEqualTo("two, and longer");
  }

  /** Of sources that nobody names any more there is one for each name at the target's root. */
  @Test
  void catalogue_isMadeAgain_fromFilesOfSourcesThatNobodyConfigures() throws Exception {
    good(ALL);
    TargetChecks.delete(fixture.target.resolve(".deferred-sync/manifests"));
    FilePath inside = EngineFixture.filePath(Path.of("/nested/deep"));
    FilePath elsewhere = EngineFixture.filePath(Path.of("/nowhere"));

    assertThat(rebuild(inside, elsewhere).exact()).isFalse();

    try (TargetReader reader = reader()) {
      List<FilePath> sources = reader.catalogue().runs().sources();
      assertThat(sources).contains(inside).doesNotContain(elsewhere);
      assertThat(sources)
          .contains(EngineFixture.filePath(Path.of("/linked")))
          .doesNotContain(EngineFixture.filePath(Path.of("/nested")));
    }
  }

  @Test
  void root_isPartial_whereSomethingHasANameOfOurs() throws Exception {
    ChangingTree.write(root, ".deferred-sync/not-ours", "x");
    ChangingTree.write(root, "_backup_20260101T000000Z", "x");
    BackupReport report = run(ALL);

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(fixture.target.resolve(".deferred-sync/not-ours")).doesNotExist();
    assertThat(verify().good()).as("%s", said.lines()).isTrue();
  }
}
