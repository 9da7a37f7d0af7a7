package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is left out for what it is, and that it takes effect at once. */
final class OmissionsTest {
  private static final String TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n";
  private static final Omissions ONE_FILE_SYSTEM =
      new Omissions(true, false, List.of(), Omissions.UNLIMITED);
  private static final Omissions ALL = new Omissions(true, true, List.of(".nobackup"), 10);

  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path source;
  private int seconds;

  @BeforeEach
  void makeTree() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.write(source, "small", "0123456789");
    ChangingTree.write(source, "large", "0123456789a");
    ChangingTree.write(source, "cache/CACHEDIR.TAG", TAG);
    ChangingTree.write(source, "cache/deep/page", "1");
    ChangingTree.write(source, "no/.nobackup", "");
    ChangingTree.write(source, "no/thing", "2");
    ChangingTree.write(source, "plain/thing", "3");
  }

  private RunSource run() throws Exception {
    seconds += 20;
    BackupReport report = fixture.with(Posix.ofSystem()).run();
    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    fixture.ahead(Duration.ofSeconds(10 + seconds));
    return report.sources().get(0).result();
  }

  /** Every stored byte is what it was, and nothing of the target is unknown. */
  private void whole() throws Exception {
    Verifier.Result result = TargetChecks.verify(fixture);
    assertThat(result.good()).as("verify: %s", result).isTrue();
    assertThat(result.unknown()).isZero();
    TargetChecks.undisturbed(fixture);
  }

  private Set<String> mirrored() throws Exception {
    return TreeText.of(fixture.mirror(source)).keySet();
  }

  @Test
  void run_leavesOutNothing_unlessItIsToldTo() throws Exception {
    run();

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  @Test
  void run_leavesOutCachesMarkedDirectoriesAndLargeFiles_butNotTheirMarks() throws Exception {
    fixture.with(new Omissions(false, true, List.of(".nobackup"), 10));
    ChangingTree.write(source, "cache/CACHEDIR.TAG", TAG.substring(0, 43)); // large as well

    run();

    assertThat(mirrored())
        .containsExactlyInAnyOrder(
            ".", "small", "cache", "no", "no/.nobackup", "plain", "plain/thing");
    fixture.with(new Omissions(false, true, List.of(".nobackup"), 43));
    run();
    assertThat(mirrored()).contains("cache/CACHEDIR.TAG", "large").doesNotContain("cache/deep");
    whole();
  }

  @Test
  void run_takesEffectOnUnchangedDirectories_bothWays_andKeepsTheHistory() throws Exception {
    run();
    Map<String, String> whole = TreeText.of(source);
    fixture.with(new Omissions(false, true, List.of(".nobackup"), Omissions.UNLIMITED));
    assertThat(run().counts().removed()).as("deep, deep/page, no/thing").isEqualTo(3);
    Map<String, String> less = TreeText.of(fixture.mirror(source));
    assertThat(less.keySet()).doesNotContain("cache/deep", "cache/deep/page", "no/thing");
    fixture.with(Omissions.NONE);
    assertThat(run().counts().added()).isEqualTo(3);

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(whole);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(whole);
    assertThat(TargetChecks.restored(fixture, 2)).isEqualTo(less);
    whole();
  }

  @Test
  void run_leavesAFileOut_thatGrows_andKeepsWhatItWas() throws Exception {
    fixture.with(new Omissions(false, false, List.of(), 10));
    run();
    Map<String, String> before = TreeText.of(fixture.mirror(source));
    ChangingTree.write(source, "small", "0123456789 and more");
    assertThat(run().counts().removed()).isEqualTo(1);

    assertThat(mirrored()).doesNotContain("small");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
    ChangingTree.write(source, "small", "less");
    assertThat(run().counts().added()).isEqualTo(1);
    whole();
  }

  @Test
  void run_takesATagAsOne_onlyWithTheSignature_andReadsNothingElse() throws Exception {
    ChangingTree.write(source, "cache/CACHEDIR.TAG", "Signature: of another kind, and long enough");
    Files.createSymbolicLink(source.resolve("plain/CACHEDIR.TAG"), source.resolve("tag"));
    ChangingTree.write(source, "tag", TAG);
    Files.createDirectories(source.resolve("no/CACHEDIR.TAG"));
    ChangingTree.write(source, "pipe/thing", "4");
    Shell.run("mkfifo", source.resolve("pipe/CACHEDIR.TAG").toString());
    fixture.with(new Omissions(false, true, List.of(), Omissions.UNLIMITED));

    run();

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  @Test
  void run_backsUpWhatATagIsBeside_thatCannotBeRead_andTellsOfIt() throws Exception {
    fixture.with(new Omissions(false, true, List.of(), Omissions.UNLIMITED));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, "CACHEDIR.TAG", Errno.EIO);

    BackupReport report = fixture.with(posix).run();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(mirrored()).contains("cache/deep/page").doesNotContain("cache/CACHEDIR.TAG");
  }

  @Test
  void guard_countsWhatIsNewlyLeftOut_andSaysThatItIsStillThere() throws Exception {
    run();
    fixture.with(new Guard(20, 1)).with(new Omissions(false, false, List.of(), 1));

    BackupReport report = fixture.run();

    RunSource result = report.sources().get(0).result();
    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(result.state()).isEqualTo(SourceState.HELD);
    assertThat(result.reason())
        .contains("3 of 12 entries are gone")
        .contains("3 of them by an exclude rule or limit that leaves out what is still there");
    assertThat(mirrored()).contains("large", "small", "cache/CACHEDIR.TAG");
  }

  @Test
  void fingerprint_isThatOfTheRules_whereNothingIsSet_andAnotherForEachThingThatIs() {
    byte[] rules = {1, 2, 3};
    assertThat(Omissions.NONE.fingerprint(rules)).isEqualTo(rules);
    assertThat(
            List.of(
                    Omissions.NONE,
                    ONE_FILE_SYSTEM,
                    ALL,
                    new Omissions(false, true, List.of(), Omissions.UNLIMITED),
                    new Omissions(false, false, List.of("a"), Omissions.UNLIMITED),
                    new Omissions(false, false, List.of("a", "b"), Omissions.UNLIMITED),
                    new Omissions(false, false, List.of("ab"), Omissions.UNLIMITED),
                    new Omissions(false, false, List.of(), 5))
                .stream()
                .map(omissions -> java.util.Arrays.toString(omissions.fingerprint(rules)))
                .toList())
        .doesNotHaveDuplicates();
  }

  // --- one file system -------------------------------------------------------------------------

  private Path mount(String name) throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Path at = Files.createDirectories(source.resolve(name));
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", at.toString());
    return at;
  }

  @Test
  void oneFileSystem_keepsOfAMountTheEmptyDirectory_fromTheNextRunOn() throws Exception {
    Path disk = mount("disk");
    try {
      ChangingTree.write(disk, "deep/file", "far away");
      run();
      Map<String, String> whole = TreeText.of(source);
      fixture.with(ONE_FILE_SYSTEM);
      assertThat(run().counts().removed()).isEqualTo(2);

      assertThat(mirrored()).contains("disk", "plain/thing").doesNotContain("disk/deep");
      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(whole);
      whole();
    } finally {
      Shell.run("umount", disk.toString());
    }
  }

  @Test
  void oneFileSystem_leavesOutBindMounts_butNotWhatIsMountedAtTheSource() throws Exception {
    Path disk = mount(".");
    try {
      ChangingTree.write(source, "here/file", "on the disk");
      Path other = Files.createDirectories(source.resolve("other"));
      Shell.run("mount", "--bind", source.resolve("here").toString(), other.toString());
      try {
        fixture.with(ONE_FILE_SYSTEM);
        run();

        assertThat(mirrored()).containsExactlyInAnyOrder(".", "here", "here/file", "other");
      } finally {
        Shell.run("umount", other.toString());
      }
    } finally {
      Shell.run("umount", disk.toString());
    }
  }

  @Test
  void aMountThatIsLeftOut_isNoLostMount_whenItGoesAway() throws Exception {
    Path disk = mount("disk");
    try {
      ChangingTree.write(disk, "file", "far away");
      fixture.with(ONE_FILE_SYSTEM);
      run();
    } finally {
      Shell.run("umount", disk.toString());
    }
    ChangingTree.write(disk, "below", "on the source's own file system");

    assertThat(run().state()).isEqualTo(SourceState.COMPLETE);
    assertThat(mirrored()).contains("disk/below");
  }

  @Test
  void oneFileSystem_letsASourceThatIsMountedInAnother_beOneOfItsOwn() throws Exception {
    Path disk = mount("disk");
    try {
      ChangingTree.write(disk, "file", "far away");
      fixture.with(ONE_FILE_SYSTEM);
      BackupReport report = fixture.run(source, disk);
      assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
      assertThat(report.sources()).hasSize(2);
      assertThat(fixture.mirror(disk.resolve("file"))).hasContent("far away");

      fixture.ahead(Duration.ofSeconds(40));
      assertThat(fixture.run(source).verdict()).isEqualTo(Verdict.GOOD);
      assertThat(fixture.mirror(disk.resolve("file")))
          .as("a retired source that the walk does not come to")
          .hasContent("far away");
    } finally {
      Shell.run("umount", disk.toString());
    }
    fixture.ahead(Duration.ofSeconds(80));
    assertThat(fixture.run(source).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(disk.resolve("file"))).hasContent("far away");
  }

  @Test
  void oneFileSystem_allowsTheRootAsASource_whenTheTargetIsMounted() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "none", fixture.target.toString());
    Posix posix = Posix.ofSystem();
    int target = posix.openPath(EngineFixture.filePath(fixture.target).bytes());
    try {
      SourceGround ground =
          new SourceGround(posix, Clock.systemUTC(), LoggerFactory.getLogger("ground"));
      FilePath path = EngineFixture.filePath(fixture.target);
      ground.check(List.of(rootWith(ONE_FILE_SYSTEM)), path, target);
      assertThatThrownBy(() -> ground.check(List.of(rootWith(Omissions.NONE)), path, target))
          .isInstanceOf(BackupException.class)
          .hasMessageContaining("contains the target");
    } finally {
      posix.close(target);
      Shell.run("umount", fixture.target.toString());
    }
  }

  private static Source rootWith(Omissions omissions) {
    return new Source(FilePath.ROOT, EntryFilter.NONE, omissions, Source.Own.NOTHING);
  }

  // --- what a source has of its own ------------------------------------------------------------

  @Test
  void source_isHeldByItsOwnGuard_andTheOthersByThatOfAll() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    for (int i = 0; i < 10; i++) {
      ChangingTree.write(other, "f" + i, "x");
    }
    List<Source> sources =
        List.of(
            own(source, new Source.Own(new Guard(10, 1), null, List.of())),
            own(other, Source.Own.NOTHING));
    fixture.run(sources);
    Files.delete(other.resolve("f1"));
    Files.delete(other.resolve("f2"));
    Files.delete(source.resolve("small"));
    Files.delete(source.resolve("large"));
    fixture.ahead(Duration.ofSeconds(40));

    assertThat(fixture.run(sources).sources())
        .extracting(report -> report.result().state())
        .containsExactly(SourceState.HELD, SourceState.COMPLETE);
  }

  @Test
  void source_isLeftAlone_whenWhatItAloneRequiresIsNotMounted() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    ChangingTree.write(other, "file", "x");
    FilePath absent = EngineFixture.filePath(scratch.resolve("nas"));

    BackupReport report =
        fixture.run(
            List.of(
                own(source, new Source.Own(null, null, List.of(absent))),
                own(other, Source.Own.NOTHING)));

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources())
        .extracting(each -> each.result().state())
        .containsExactly(SourceState.HELD, SourceState.COMPLETE);
    assertThat(report.sources().get(0).result().reason()).contains(absent + ", which");
  }

  @Test
  void source_expiresByItsOwnRules_andTheOthersByThoseOfAll() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    ChangingTree.write(other, "file", "x");
    List<Source> sources =
        List.of(
            own(source, new Source.Own(null, new Retention(100, 1), List.of())),
            own(other, Source.Own.NOTHING));
    fixture.with(new Retention(1, 1)).run(sources);
    fixture.ahead(Duration.ofDays(20));
    fixture.run(sources);

    assertThat(shown(source)).containsExactly(1L, 2L);
    assertThat(shown(other)).containsExactly(2L);
  }

  @Test
  void describe_namesAllThatIsSet_andNothingElse() {
    assertThat(Omissions.NONE.describe()).isEmpty();
    assertThat(new Omissions(true, true, List.of(".nobackup", "no\nbackup"), 2048).describe())
        .isEqualTo(
            "what is mounted in it, caches, what is beside .nobackup, what is beside"
                + " no\\x0abackup, files of more than "
                + Sizes.text(2048));
  }

  @Test
  void markersAndSizes_haveToBeSome() {
    for (String marker : List.of("", "a/b")) {
      assertThatThrownBy(() -> new Omissions(false, false, List.of(marker), 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new Omissions(false, false, List.of(), -1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private List<Long> shown(Path of) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader.catalogue().runs().list().stream()
          .filter(
              run ->
                  run.sources().stream()
                      .anyMatch(
                          each ->
                              each.source().equals(EngineFixture.filePath(of)) && !each.expired()))
          .map(run -> run.id())
          .toList();
    }
  }

  private static Source own(Path path, Source.Own own) {
    return new Source(EngineFixture.filePath(path), EntryFilter.NONE, Omissions.NONE, own);
  }

  /** What a tag is, is asked of the file that was opened, whatever its name stood for before. */
  @Test
  void run_takesATagForNone_thatChangesWhileItIsLookedAt() throws Exception {
    ChangingTree.write(source, "cut/CACHEDIR.TAG", TAG);
    ChangingTree.write(source, "cut/thing", "1");
    ChangingTree.write(source, "swapped/CACHEDIR.TAG", TAG);
    ChangingTree.write(source, "swapped/thing", "2");
    ChangingTree.write(source, "short/CACHEDIR.TAG", "Signature: ");
    ChangingTree.write(source, "short/thing", "3");
    ChangingTree.write(source, "unread/CACHEDIR.TAG", TAG);
    ChangingTree.write(source, "unread/thing", "4");
    Path swapped = source.resolve("swapped/CACHEDIR.TAG");
    Path cut = source.resolve("cut/CACHEDIR.TAG");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.READ, cut.toString(), () -> Files.writeString(cut, ""));
    posix.before(
        Call.OPEN_FILE,
        swapped.toString(),
        () -> {
          Files.delete(swapped);
          Shell.run("mkfifo", swapped.toString());
        });
    posix.failOn(Call.OPEN_FILE, source.resolve("unread/CACHEDIR.TAG").toString(), Errno.EACCES);
    fixture.with(posix).with(new Omissions(false, true, List.of(), Omissions.UNLIMITED));

    BackupReport report = fixture.run();

    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    assertThat(mirrored())
        .contains("cut/thing", "swapped/thing", "short/thing", "unread/thing")
        .doesNotContain("cache/deep", "unread/CACHEDIR.TAG");
    assertThat(posix.openObjects()).isEmpty();
    run();
    assertThat(mirrored()).contains("unread/CACHEDIR.TAG").doesNotContain("unread/thing");
    whole();
  }
}
