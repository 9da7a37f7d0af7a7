package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Counts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files and trees that got other names, in the sequences that break simpler ways to follow them.
 */
@Tag("rule-7")
@EnabledOnOs(OS.LINUX)
final class MoveTest {
  private static final FileTime OLD = FileTime.from(Instant.parse("2020-02-02T02:02:02Z"));

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
    assertThat(verified.unknown()).isZero();
    noFileIsInBoth();
  }

  private void noFileIsInBoth() throws IOException {
    Set<Long> both = new TreeSet<>(inodes(fixture.mirror(fixture.home)).values());
    for (Path increment : increments()) {
      assertThat(inodes(increment).values()).as("in both").doesNotContainAnyElementsOf(both);
    }
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names.filter(name -> name.getFileName().toString().startsWith("_backup_")).toList();
    }
  }

  /** The files below a directory, which may be absent, by relative path. */
  private static Map<String, Long> inodes(Path top) throws IOException {
    Map<String, Long> inodes = new TreeMap<>();
    if (Files.exists(top)) {
      try (Stream<Path> paths = Files.walk(top)) {
        for (Path path : paths.toList()) {
          if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            inodes.put(top.relativize(path).toString(), inode(path));
          }
        }
      }
    }
    return inodes;
  }

  private static long inode(Path path) throws IOException {
    return (Long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private Counts run(Path... sources) throws Exception {
    fixture.ahead(Duration.ofSeconds(20 + 10 * runs));
    Counts planned = sources.length == 0 ? counts(fixture.preview()) : Counts.NONE;
    BackupReport report = sources.length == 0 ? fixture.run() : fixture.run(sources);
    runs++;
    if (sources.length == 0) {
      assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
      models.put(runs, TreeText.of(source));
      assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
      assertThat(counts(report)).as("as planned").isEqualTo(planned);
    }
    return counts(report);
  }

  private static Counts counts(BackupReport report) {
    return report.sources().stream()
        .map(each -> each.result().counts())
        .reduce(Counts.NONE, Counts::plus);
  }

  private void write(String name, String text) throws IOException {
    ChangingTree.write(source, name, text);
  }

  private void move(String from, String to) throws IOException {
    Files.move(source.resolve(from), source.resolve(to));
  }

  private void directory(String name) throws IOException {
    Files.createDirectories(source.resolve(name));
  }

  private long mirrored(String name) throws IOException {
    return inode(fixture.mirror(source.resolve(name)));
  }

  private static void assertMoved(Counts counts, long moved, long added, long removed) {
    assertThat(counts.moved()).as("moved").isEqualTo(moved);
    assertThat(counts.added()).as("added").isEqualTo(added);
    assertThat(counts.removed()).as("removed").isEqualTo(removed);
  }

  private void grow(String top, int directories, int files) throws IOException {
    for (int d = 0; d < directories; d++) {
      directory(top + "/d" + d);
      for (int f = 0; f < files; f++) {
        write(top + "/d" + d + "/f" + f, "bytes of " + d + " and " + f);
      }
    }
  }

  @Test
  void aRenamedFile_keepsItsFileInTheMirror() throws Exception {
    write("a", "x".repeat(100_000));
    run();
    long before = mirrored("a");
    move("a", "b");
    Counts counts = run();

    assertMoved(counts, 1, 0, 0);
    assertThat(counts.copiedBytes()).isZero();
    assertThat(mirrored("b")).isEqualTo(before);
    assertThat(increments()).isEmpty();
    assertThat(counts(fixture.run()).unchanged()).isTrue();
  }

  @Test
  void aRenamedDirectory_isNotRead_andNothingOfItCopied() throws Exception {
    grow("a", 5, 12);
    run();
    Map<String, Long> before = inodes(fixture.mirror(source.resolve("a")));
    move("a", "b");
    // Batches that end in the midst of each directory.
    fixture.with(new Batch.Limits(7, 1 << 20));
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    Counts counts = counts(fixture.run());
    fixture.with(Posix.ofSystem());
    runs++;
    models.put(runs, TreeText.of(source));

    assertMoved(counts, 60, 6, 6);
    assertThat(counts.copiedBytes()).isZero();
    assertThat(posix.log().stream().filter(entry -> entry.call() == Call.READ))
        .noneMatch(entry -> entry.toString().contains(source.toString()));
    assertThat(inodes(fixture.mirror(source.resolve("b")))).isEqualTo(before);
    assertThat(fixture.mirror(source.resolve("a"))).doesNotExist();
    assertThat(increments()).isEmpty();
  }

  @Test
  void aTreeThatWasRenamed_isInHistory_whenItsFilesChangeLater() throws Exception {
    grow("a", 2, 3);
    run();
    move("a", "b");
    run();
    write("b/d0/f0", "changed");
    Files.delete(source.resolve("b/d1/f2"));
    run();
    move("b", "c");
    run();
    TargetChecks.delete(source.resolve("c"));
    write("rest", "r");
    run();
  }

  @Test
  void whatIsLeftOfAMove_expires() throws Exception {
    fixture.with(new Retention(1, 1));
    grow("a", 2, 3);
    write("rest", "r");
    run();
    move("a", "b");
    run();
    TargetChecks.delete(source.resolve("b"));
    run();
    fixture.ahead(Duration.ofDays(5));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    models.clear();

    assertThat(increments()).isEmpty();
  }

  @Test
  void aFreedInode_isNoMove() throws Exception {
    write("a", "first");
    Files.setLastModifiedTime(source.resolve("a"), OLD);
    long freed = inode(source.resolve("a"));
    run();
    Files.delete(source.resolve("a"));
    int tries = 0;
    do {
      Path made = source.resolve("b" + tries);
      Files.writeString(made, "other");
      Files.setLastModifiedTime(made, OLD);
    } while (inode(source.resolve("b" + tries)) != freed && ++tries < 50);
    assumeTrue(tries < 50, "this file system does not give out a freed inode at once");
    fixture.ahead(Duration.ofSeconds(60));
    Counts counts = counts(fixture.run());
    runs++;
    models.put(runs, TreeText.of(source));

    assertMoved(counts, 0, tries + 1, 1);
    assertThat(Files.readString(fixture.mirror(source.resolve("b" + tries)))).isEqualTo("other");
  }

  @Test
  void swappedFiles_areSwapped() throws Exception {
    write("a", "bytes of a");
    write("b", "other bytes of b");
    run();
    move("a", "t");
    move("b", "a");
    move("t", "b");
    run();
  }

  @Test
  void filesThatMoveUpInAChain_areWhatTheyWere() throws Exception {
    write("a", "bytes of a");
    write("b", "other bytes of b");
    run();
    long before = mirrored("a");
    move("b", "c");
    move("a", "b");
    run();
    assertThat(mirrored("b")).isEqualTo(before);
  }

  @Test
  void aFileThatReplacesAnother_isMoved_andTheOtherIsInTheIncrement() throws Exception {
    write("a", "bytes of a");
    write("b", "other bytes of b");
    run();
    long before = mirrored("a");
    Files.delete(source.resolve("b"));
    move("a", "b");
    assertMoved(run(), 1, 0, 1);
    assertThat(mirrored("b")).isEqualTo(before);
  }

  @Test
  void aFileMovedOutOfATree_thatWasRenamedItself_isFollowed() throws Exception {
    grow("a", 2, 3);
    run();
    Map<String, Long> before = inodes(fixture.mirror(source.resolve("a")));
    move("a", "b");
    move("b/d0/f1", "out");
    assertMoved(run(), 6, 3, 3);
    assertThat(mirrored("out")).isEqualTo(before.get("d0/f1"));
  }

  @Test
  void filesMovedIntoANewTree_areFollowed() throws Exception {
    write("a", "bytes of a");
    write("b", "bytes of b");
    run();
    long before = mirrored("a");
    directory("new/deep");
    move("a", "new/deep/a");
    move("b", "new/b");
    write("new/deep/z", "really new");
    assertMoved(run(), 2, 3, 0);
    assertThat(mirrored("new/deep/a")).isEqualTo(before);
  }

  @Test
  void aMovedFile_thatWasEdited_isCopied() throws Exception {
    write("a", "bytes of a");
    write("b", "bytes of b");
    Files.setLastModifiedTime(source.resolve("b"), OLD);
    run();
    move("a", "c");
    write("c", "longer bytes than those of a");
    move("b", "d");
    Files.writeString(source.resolve("d"), "bytes of X");
    Files.setLastModifiedTime(source.resolve("d"), OLD); // nothing but the change time tells
    fixture.ahead(Duration.ofSeconds(60));
    Counts counts = counts(fixture.run());
    runs++;
    models.put(runs, TreeText.of(source));

    assertMoved(counts, 0, 2, 2);
    assertThat(Files.readString(fixture.mirror(source.resolve("d")))).isEqualTo("bytes of X");
  }

  @Test
  void aMovedFile_getsItsNewMetadata_andKeepsTheOldInHistory() throws Exception {
    write("a", "bytes of a");
    run();
    long before = mirrored("a");
    move("a", "b");
    Files.setPosixFilePermissions(
        source.resolve("b"), PosixFilePermissions.fromString("r-x------"));
    assertMoved(run(), 1, 0, 0);
    assertThat(mirrored("b")).isEqualTo(before);
  }

  @Test
  void aFileMovedOutOfAHeldSource_isCopied_andItsOldNameStays() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    write("a", "bytes of a");
    run(source, other);
    long before = mirrored("a");
    Files.move(source.resolve("a"), other.resolve("a")); // now the source is empty, and held
    run(source, other);
    assertThat(mirrored("a")).isEqualTo(before);
    assertThat(inode(fixture.mirror(other.resolve("a")))).isNotEqualTo(before);
  }

  @Test
  void aFileMovedFromOneSourceToAnother_isFollowed() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("other"));
    write("a", "bytes of a");
    write("stays", "s");
    run(source, other);
    long before = mirrored("a");
    Files.move(source.resolve("a"), other.resolve("b"));
    assertMoved(run(source, other), 1, 0, 0);
    assertThat(inode(fixture.mirror(other.resolve("b")))).isEqualTo(before);
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    assertThat(TreeText.of(fixture.mirror(other))).isEqualTo(TreeText.of(other));
  }

  @Test
  void aFile_whoseOldNameIsADirectoryOrALinkNow_isWhatItWas() throws Exception {
    for (String name : List.of("b", "m", "s")) {
      write(name, "bytes of " + name);
    }
    run();
    move("b", "a"); // comes before its old name
    move("m", "z"); // and after it
    move("s", "t");
    directory("b");
    write("b/new", "n");
    directory("m");
    Files.createSymbolicLink(source.resolve("s"), Path.of("t"));
    run();
  }

  @Test
  void aTree_whoseOldNameIsALinkNow_isWhatItWas() throws Exception {
    grow("data", 2, 3);
    grow("logs", 2, 3);
    run();
    move("data", "data.old");
    Files.createSymbolicLink(source.resolve("data"), Path.of("data.old"));
    move("logs", "a.logs");
    write("logs", "a file now");
    assertMoved(run(), 12, 8, 6);
  }

  @Test
  void aNameThatWasAHardLink_isNotMovedToTheOther() throws Exception {
    write("a", "bytes of a");
    ChangingTree.link(source, "b", "a");
    write("c", "c");
    ChangingTree.link(source, "d", "c");
    run();
    Files.delete(source.resolve("b"));
    move("c", "e");
    run();
  }

  @Test
  void namesThatDifferInCaseAlone_areTwoNames() throws Exception {
    grow("Dir", 2, 3);
    write("File", "bytes");
    run();
    long before = mirrored("File");
    move("Dir", "dir");
    move("File", "file");
    assertMoved(run(), 7, 3, 3);
    assertThat(mirrored("file")).isEqualTo(before);
  }

  @Test
  void movingThereAndBack_aroundACrash_losesNothing() throws Exception {
    grow("a", 3, 4);
    run();
    fixture.with(new Batch.Limits(5, 1 << 20));
    move("a", "b");
    fixture.ahead(Duration.ofSeconds(35));
    assertThat(fixture.diesAfterCommit(4)).isTrue();
    // The directories are again as their digests of before the crash had them.
    move("b", "a");
    runs++;
    run();
  }

  @Test
  void thePlan_knowsHowMuchOfWhatIsGoneTurnedUpElsewhere() throws Exception {
    grow("a", 3, 4);
    Files.createSymbolicLink(source.resolve("a/link"), Path.of("nowhere"));
    write("c", "c");
    ChangingTree.link(source, "a/c", "c");
    write("gone", "g");
    run();
    move("a", "b");
    Files.delete(source.resolve("gone"));
    fixture.ahead(Duration.ofSeconds(60));

    List<String> removals = new ArrayList<>();
    Forecast forecast = fixture.forecast(source);
    forecast.removals().forEach(each -> removals.add(each.entries() + " " + each.bytes()));
    assertThat(removals).containsExactly("1 1");
    assertThat(forecast.additions())
        .noneMatch(addition -> addition.path().toString().contains("/b/d"));
    assertMoved(counts(forecast.report()), 12, 6, 7);
    run();
  }
}
