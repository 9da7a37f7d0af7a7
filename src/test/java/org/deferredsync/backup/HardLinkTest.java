package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Files with several names, in the sequences that break simpler ways to keep them. */
final class HardLinkTest {
  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path source;
  private final Map<Long, Map<String, String>> models = new HashMap<>();
  private long runs;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  /** Whatever happened: every snapshot comes back, and no file is both in mirror and increment. */
  @AfterEach
  void everythingHolds() throws Exception {
    for (Map.Entry<Long, Map<String, String>> model : models.entrySet()) {
      assertThat(TargetChecks.restored(fixture, model.getKey()))
          .as("snapshot %d", model.getKey())
          .isEqualTo(model.getValue());
    }
    Verifier.Result verified = TargetChecks.verify(fixture);
    assertThat(verified.good()).as("%s", verified).isTrue();
    Set<Long> both = inodes(mirror());
    both.retainAll(inodes(increments()));
    assertThat(both).as("in the mirror and in an increment").isEmpty();
  }

  private void run(Path... sources) throws Exception {
    fixture.ahead(Duration.ofSeconds(20 + 10 * runs));
    BackupReport report = sources.length == 0 ? fixture.run() : fixture.run(sources);
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    runs++;
    if (sources.length == 0) {
      models.put(runs, TreeText.of(source));
      assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    }
  }

  @Test
  void run_linksFromTheRightDirectory_whenMoreAreOpenedThanStayOpen() throws Exception {
    write("a/f", "the one file");
    run();
    for (int i = 0; i < 70; i++) {
      write("d" + i + "/f", "another " + i);
      Path more = Files.createDirectories(source.resolve("d" + i + "/sub"));
      Files.createLink(more.resolve("f"), source.resolve("a/f"));
    }

    run();
    run();
  }

  private Path mirror() {
    return fixture.mirror(scratch);
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names.filter(name -> name.getFileName().toString().startsWith("_backup_")).toList();
    }
  }

  private static Set<Long> inodes(Path top) throws IOException {
    Set<Long> inodes = new TreeSet<>();
    try (Stream<Path> paths = Files.walk(top)) {
      for (Path path : paths.toList()) {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          inodes.add((Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS));
        }
      }
    }
    return inodes;
  }

  private static Set<Long> inodes(List<Path> tops) throws IOException {
    Set<Long> inodes = new TreeSet<>();
    for (Path top : tops) {
      inodes.addAll(inodes(top));
    }
    return inodes;
  }

  private long inode(Path path) throws IOException {
    return (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private void write(String name, String text) throws IOException {
    ChangingTree.write(source, name, text);
  }

  private void link(String name, String of) throws IOException {
    ChangingTree.link(source, name, of);
  }

  private void mode(String name, String mode) throws IOException {
    Files.setPosixFilePermissions(source.resolve(name), PosixFilePermissions.fromString(mode));
  }

  @Test
  @Tag("rule-5")
  void equalFiles_areTwo_whenOneChangesAndItsPastExpires() throws Exception {
    fixture.with(new Retention(1, 1));
    write("a", "equal");
    write("b", "equal");
    run();
    write("a", "changed");
    run();
    fixture.ahead(Duration.ofDays(5));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    models.clear();

    models.put(3L, TreeText.of(source));
    assertThat(increments()).isEmpty();
  }

  @Test
  @Tag("rule-5")
  void aNameThatGoes_isNotInTheIncrement_whileItsFileHasAnother() throws Exception {
    write("a", "x");
    link("b", "a");
    write("keep", "k");
    run();
    Files.delete(source.resolve("b"));
    run();
    assertThat(increments()).isEmpty();
    Files.delete(source.resolve("a"));
    run();
    assertThat(increments()).hasSize(1);
  }

  @Test
  @Tag("rule-5")
  void expiry_leavesNoName_ofAFileThatHadSeveral() throws Exception {
    fixture.with(new Retention(1, 1));
    write("a", "x");
    link("b", "a");
    Files.createDirectories(source.resolve("d"));
    link("d/c", "a");
    run();
    write("a", "all three change");
    run();
    fixture.ahead(Duration.ofDays(5));
    fixture.run();
    models.clear();

    assertThat(increments()).isEmpty();
  }

  @Test
  @Tag("rule-15")
  void metadata_ofOneName_doesNotReachAnother_thatLeftMeanwhile() throws Exception {
    write("a", "x");
    link("b", "a");
    run();
    Files.delete(source.resolve("b"));
    write("b", "its own file now");
    mode("a", "rwx------");
    // Each operation a batch of its own: the mirror's b is not replaced yet when a is done.
    fixture.with(new Batch.Limits(1, 1));
    run();
  }

  @Test
  void namesThatWereOne_areTwo_whenOneBecomesACopyOfTheSameBytes() throws Exception {
    write("a", "x");
    link("b", "a");
    run();
    Files.move(Files.copy(source.resolve("b"), source.resolve("t")), source.resolve("u"));
    Files.delete(source.resolve("b"));
    Files.move(source.resolve("u"), source.resolve("b"));
    run();
    assertThat(inode(fixture.mirror(source.resolve("a"))))
        .isNotEqualTo(inode(fixture.mirror(source.resolve("b"))));
  }

  @Test
  @Tag("small-rule-3")
  void aNewName_joinsItsFile_inADirectoryThatHasNotBeenLookedAt() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    write("a", "x");
    Files.createLink(other.resolve("b"), source.resolve("a"));
    run(source);
    // Nothing has changed in the first source: only what the catalogue knows tells of a.
    run(source, other);
    assertThat(inode(fixture.mirror(other.resolve("b"))))
        .isEqualTo(inode(fixture.mirror(source.resolve("a"))));
  }

  @Test
  void chmod_ofAllNames_copiesNothing() throws Exception {
    write("a", "x".repeat(100_000));
    link("b", "a");
    link("c", "a");
    run();
    long before = inode(fixture.mirror(source.resolve("a")));
    mode("c", "rw-rw-rw-");
    run();
    assertThat(inode(fixture.mirror(source.resolve("a")))).isEqualTo(before);
    assertThat(increments()).isEmpty();
  }

  @Test
  @Tag("rule-15")
  void names_thatTheTargetCannotLinkAnyMore_getACopy() throws Exception {
    write("a", "x");
    link("b", "a");
    link("c", "a");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(Call.LINK, 2, Errno.EMLINK);
    fixture.with(posix);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(Files.readString(fixture.mirror(source.resolve("c")))).isEqualTo("x");
    assertThat(inodes(fixture.mirror(source))).hasSize(2);
    fixture.with(Posix.ofSystem());
  }

  @Test
  void verify_readsAFileOnce_andMissesEachOfItsNames() throws Exception {
    write("a", "x");
    link("b", "a");
    link("c", "a");
    run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    verifies(posix, 0);
    String mirror = fixture.mirror(source).toString();
    assertThat(posix.log())
        .filteredOn(entry -> entry.call() == Call.READ)
        .filteredOn(entry -> entry.objects().get(0).startsWith(mirror))
        .hasSize(1);

    Path name = fixture.mirror(source.resolve("b"));
    Files.delete(name);
    verifies(FaultyPosix.ofSystem(), 1);
    Files.createLink(name, fixture.mirror(source.resolve("a")));
  }

  private void verifies(FaultyPosix posix, long missing) throws Exception {
    try (TargetReader reader =
        TargetReader.open(fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      Verifier.Result result =
          new Verifier(reader, Clock.systemUTC(), LoggerFactory.getLogger("checks")).verify();
      assertThat(result.missing()).isEqualTo(missing);
      assertThat(result.damaged()).isZero();
    } finally {
      fixture.with(Posix.ofSystem());
    }
  }

  @Test
  @Tag("rule-5")
  void links_andPipes_haveSeveralNamesToo() throws Exception {
    Files.createSymbolicLink(source.resolve("s"), Path.of("nowhere"));
    Shell.run("ln", "-P", source.resolve("s").toString(), source.resolve("t").toString());
    Shell.run("mkfifo", source.resolve("p").toString());
    Shell.run("ln", source.resolve("p").toString(), source.resolve("q").toString());
    run();
    assertThat(inode(fixture.mirror(source.resolve("s"))))
        .isEqualTo(inode(fixture.mirror(source.resolve("t"))));
    assertThat(inode(fixture.mirror(source.resolve("p"))))
        .isEqualTo(inode(fixture.mirror(source.resolve("q"))));
    Files.delete(source.resolve("s"));
    Files.delete(source.resolve("q"));
    run();
    Files.delete(source.resolve("t"));
    run();
  }

  /** How many names a file has is asked of the snapshot, not of what came later or ended before. */
  @Test
  void namesThatComeAndGo_areNamesOfTheirSnapshotsAlone() throws Exception {
    write("a", "x");
    link("b", "a");
    run();
    Files.delete(source.resolve("b"));
    run();
    link("c", "a");
    run();
    for (long snapshot = 1; snapshot <= 3; snapshot++) {
      assertThat(TargetChecks.restored(fixture, snapshot, source.resolve("a"))).hasSize(1);
    }
  }
}
