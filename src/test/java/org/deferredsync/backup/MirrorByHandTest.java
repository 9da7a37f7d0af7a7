package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What an operator, or a program that is not ours, does to the mirror is kept, and told. */
final class MirrorByHandTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void firstRun() throws Exception {
    fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    fixture.ahead(Duration.ofSeconds(20));
  }

  private Path mirror(String name) {
    return fixture.mirror(fixture.source.resolve(name));
  }

  private Path inIncrement(String name) throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      List<Path> increments =
          names.filter(path -> path.getFileName().toString().startsWith("_backup_")).toList();
      assertThat(increments).hasSize(1);
      return increments.get(0).resolve(fixture.source.resolve(name).toString().substring(1));
    }
  }

  private void nextRunIsGood() throws Exception {
    fixture.ahead(Duration.ofSeconds(40));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(TreeText.of(fixture.source));
  }

  @Test
  @Tag("rule-4")
  void run_keepsAnUnknownFile_whereANewOneGoes() throws Exception {
    Files.writeString(mirror("new"), "by hand");
    ChangingTree.write(fixture.source, "new", "from the source");

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(mirror("new")).hasContent("from the source");
    assertThat(inIncrement("new")).hasContent("by hand");
    nextRunIsGood();
  }

  @Test
  @Tag("rule-4")
  void run_keepsAnUnknownDirectory_whereANewOneGoes() throws Exception {
    Files.createDirectory(mirror("new-tree"));
    Files.writeString(mirror("new-tree/file"), "by hand");
    ChangingTree.write(fixture.source, "new-tree/file", "from the source");

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(mirror("new-tree/file")).hasContent("from the source");
    assertThat(inIncrement("new-tree/file")).hasContent("by hand");
    nextRunIsGood();
  }

  @Test
  @Tag("rule-11")
  void run_keepsAnEditedFile_andSaysThatTheStoredOneIsLost() throws Exception {
    Files.writeString(mirror("content"), "edited by hand");
    ChangingTree.write(fixture.source, "content", "changed in the source");

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(mirror("content")).hasContent("changed in the source");
    assertThat(inIncrement("content")).hasContent("edited by hand");
    assertThat(TargetChecks.verify(fixture).missing()).isEqualTo(1);
    nextRunIsGood();
  }

  @Test
  void run_keepsAnUnknownFile_inATreeThatGoes() throws Exception {
    Files.writeString(mirror("gone-tree/deep/unknown"), "by hand");
    TargetChecks.delete(fixture.source.resolve("gone-tree"));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(mirror("gone-tree")).doesNotExist();
    assertThat(inIncrement("gone-tree/deep/unknown")).hasContent("by hand");
    nextRunIsGood();
  }

  @Test
  void run_makesADirectoryAgain_thatIsGoneFromTheMirror() throws Exception {
    TargetChecks.delete(mirror("empty"));
    Files.setPosixFilePermissions(
        fixture.source.resolve("empty"), PosixFilePermissions.fromString("rwx------"));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    nextRunIsGood();
  }

  @Test
  void run_keepsAFile_thatTookTheNameOfADirectory() throws Exception {
    TargetChecks.delete(mirror("nested"));
    Files.writeString(mirror("nested"), "by hand");
    ChangingTree.write(fixture.source, "nested/deep/changes", "after");

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(inIncrement("nested")).hasContent("by hand");
    assertThat(mirror("nested/deep/changes")).hasContent("after");
  }

  @Test
  @Tag("small-rule-9")
  void run_followsNoLink_thatTookTheNameOfADirectory() throws Exception {
    Path elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
    TargetChecks.delete(mirror("nested"));
    Files.createSymbolicLink(mirror("nested"), elsewhere);
    ChangingTree.write(fixture.source, "nested/deep/changes", "after");

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(elsewhere).isEmptyDirectory();
    assertThat(inIncrement("nested")).isSymbolicLink();
    assertThat(mirror("nested/deep/changes")).hasContent("after");
  }

  private static void overwrite(Path file, String text) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, time);
  }

  private void anotherGoodRun(int seconds) throws Exception {
    fixture.ahead(Duration.ofSeconds(seconds));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  private List<String> linesOf(Verdict verdict) throws Exception {
    try (LogCapture log = new LogCapture("incremental_backup")) {
      assertThat(fixture.run().verdict()).isEqualTo(verdict);
      return log.lines().stream().filter(line -> line.startsWith("WARN")).toList();
    }
  }

  private Object inode(String name) throws IOException {
    return Files.getAttribute(mirror(name), "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  @Test
  @Tag("rule-11")
  void run_storesAFileWithSeveralNamesAgain_whoseNamesAreNotWhatWasStored() throws Exception {
    Path source = fixture.source;
    for (String name : List.of("lost", "edited", "taken")) {
      ChangingTree.write(source, name + "/a", "of " + name);
      ChangingTree.link(source, name + "/b", name + "/a");
      Files.createSymbolicLink(source.resolve(name + "/s"), Path.of("there"));
      Shell.run("ln", "-P", source.resolve(name + "/s").toString(), source + "/" + name + "/t");
    }
    ChangingTree.write(source, "tree/file", "f");
    ChangingTree.write(source, "tree-too/file", "f");
    anotherGoodRun(30);
    for (String name : List.of("lost/a", "lost/b", "lost/s", "lost/t", "edited/s", "edited/t")) {
      Files.delete(mirror(name));
    }
    Files.writeString(mirror("edited/a"), "by hand, and longer");
    for (String name : List.of("edited/s", "edited/t")) {
      Files.createSymbolicLink(mirror(name), Path.of("elsewhere"));
    }
    Path elsewhere = Files.createLink(scratch.resolve("elsewhere"), mirror("taken/a"));
    TargetChecks.delete(mirror("tree"));
    TargetChecks.delete(mirror("tree-too"));
    for (String name : List.of("lost", "edited", "taken")) {
      Files.setPosixFilePermissions(
          source.resolve(name + "/a"), PosixFilePermissions.fromString("rw-------"));
      ChangingTree.link(source, name + "/more", name + "/a");
      Shell.run("ln", "-P", source.resolve(name + "/s").toString(), source + "/" + name + "/u");
    }
    Shell.run("touch", "-h", "-d", "2001-02-03", source.resolve("taken/s").toString());
    for (String name : List.of("tree", "tree-too")) {
      TargetChecks.delete(source.resolve(name));
    }
    ChangingTree.write(source, "tree", "a file with two names");
    ChangingTree.link(source, "tree-too", "tree");
    fixture.ahead(Duration.ofSeconds(50));

    List<String> said = linesOf(Verdict.FAILED);

    assertThat(said)
        .filteredOn(line -> line.contains("missing in the mirror; this version of it is lost"))
        .anyMatch(line -> line.contains(source.resolve("lost/a") + ":"));
    assertThat(inIncrement("edited/a")).hasContent("by hand, and longer");
    assertThat(Files.readSymbolicLink(inIncrement("edited/s"))).isEqualTo(Path.of("elsewhere"));
    assertThat(Files.getPosixFilePermissions(elsewhere))
        .as("linked by hand, perhaps to keep it as it is")
        .isNotEqualTo(PosixFilePermissions.fromString("rw-------"));
    nextRunAt(70);
  }

  private void nextRunAt(int seconds) throws Exception {
    anotherGoodRun(seconds);
    assertThat(TreeText.of(fixture.mirror(fixture.source)))
        .containsExactlyInAnyOrderEntriesOf(TreeText.of(fixture.source));
  }

  @Test
  @Tag("rule-11")
  void run_changesNoMetadata_ofWhatIsNotWhatWasStored() throws Exception {
    Path source = fixture.source;
    List<String> names = List.of("kept", "lost", "edited", "touched", "linked-by-hand");
    for (String name : names) {
      ChangingTree.write(source, name, "of " + name);
    }
    ChangingTree.write(source, "lost-tree/file", "f");
    anotherGoodRun(30);
    Object kept = inode("kept");
    Object touched = inode("touched");
    Files.delete(mirror("lost"));
    Files.writeString(mirror("edited"), "by hand, and longer");
    Files.setLastModifiedTime(mirror("touched"), FileTime.fromMillis(1));
    Files.createLink(scratch.resolve("elsewhere"), mirror("linked-by-hand"));
    TargetChecks.delete(mirror("lost-tree"));
    for (String name : names) {
      Files.setPosixFilePermissions(
          source.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }
    TargetChecks.delete(source.resolve("lost-tree"));
    ChangingTree.write(source, "lost-tree", "a file now");
    fixture.ahead(Duration.ofSeconds(50));

    List<String> said = linesOf(Verdict.FAILED);

    assertThat(said)
        .anyMatch(line -> line.contains(source.resolve("lost") + ": missing in the mirror"))
        .anyMatch(line -> line.contains(source.resolve("edited") + ": the mirror held what"));
    assertThat(inIncrement("edited")).hasContent("by hand, and longer");
    assertThat(inode("kept")).isEqualTo(kept);
    assertThat(inode("touched")).as("the bytes tell that it is ours").isEqualTo(touched);
    assertThat(Files.getPosixFilePermissions(scratch.resolve("elsewhere")))
        .as("linked by hand, perhaps to keep it as it is")
        .isNotEqualTo(PosixFilePermissions.fromString("rw-------"));
    nextRunAt(70);
  }

  @Test
  void run_removesTrees_ofWhichNothingIsLeftOrSomethingElseIs() throws Exception {
    for (String name : List.of("one", "two", "three")) {
      ChangingTree.write(fixture.source, name + "/deep/file", "of " + name);
    }
    anotherGoodRun(30);
    TargetChecks.delete(mirror("one"));
    TargetChecks.delete(mirror("two/deep"));
    Files.writeString(mirror("two/deep"), "a file by hand");
    TargetChecks.delete(mirror("three"));
    Files.createSymbolicLink(mirror("three"), Files.createDirectory(scratch.resolve("elsewhere")));
    for (String name : List.of("one", "two", "three")) {
      TargetChecks.delete(fixture.source.resolve(name));
    }
    fixture.ahead(Duration.ofSeconds(50));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(inIncrement("two/deep")).hasContent("a file by hand");
    assertThat(inIncrement("three")).isSymbolicLink();
    nextRunAt(70);
  }

  /** Moved files keep their file in the mirror only where that is what was stored. */
  @Test
  @Tag("rule-7")
  void run_copiesAMovedFile_whoseOldNameIsNotWhatWasStored() throws Exception {
    List<String> names = List.of("moved", "lost", "edited", "touched", "linked-by-hand");
    for (String name : names) {
      ChangingTree.write(fixture.source, name, "bytes of " + name);
    }
    anotherGoodRun(30);
    Object moved = inode("moved");
    Object touched = inode("touched");
    Files.delete(mirror("lost"));
    Files.writeString(mirror("edited"), "by hand, and longer");
    Files.setLastModifiedTime(mirror("touched"), FileTime.fromMillis(1));
    Files.createLink(scratch.resolve("elsewhere"), mirror("linked-by-hand"));
    for (String name : names) {
      Files.move(fixture.source.resolve(name), fixture.source.resolve("new-" + name));
    }
    fixture.ahead(Duration.ofSeconds(50));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(report.sources().get(0).result().counts().moved()).isEqualTo(2);
    assertThat(inode("new-moved")).isEqualTo(moved);
    assertThat(inode("new-touched")).isEqualTo(touched);
    assertThat(inIncrement("edited")).hasContent("by hand, and longer");
    FileTime time = Files.getLastModifiedTime(fixture.source.resolve("new-touched"));
    Files.setLastModifiedTime(mirror("new-touched"), time);
    nextRunAt(70);
  }

  /** Verify found it damaged; since then somebody has been at it again. */
  @Test
  void run_mendsAFile_andKeepsWhatSomebodyElseHasPutThere() throws Exception {
    List<String> names = List.of("damaged", "longer", "younger", "gone-since", "pipe-since");
    for (String name : names) {
      ChangingTree.write(fixture.source, name, "bytes of " + name);
      ChangingTree.write(fixture.source, "of-two-" + name, "and of " + name);
      ChangingTree.link(fixture.source, "too-" + name, "of-two-" + name);
    }
    anotherGoodRun(30);
    Map<String, String> before = TreeText.of(fixture.source);
    for (String name : names) {
      overwrite(mirror(name), "BYTES of " + name);
      overwrite(mirror("of-two-" + name), "AND OF " + name);
    }
    Verifier.Result found =
        new Verification(
                fixture.engine(),
                EngineFixture.filePath(fixture.target),
                LoggerFactory.getLogger("verify"))
            .verify(Verifier.ALL);
    assertThat(found.damaged()).as("each name").isEqualTo(3L * names.size());
    for (String of : List.of("", "of-two-")) {
      Files.writeString(mirror(of + "longer"), "longer than it was stored");
      Files.setLastModifiedTime(mirror(of + "younger"), FileTime.fromMillis(1));
      Files.delete(mirror(of + "gone-since"));
      Files.delete(mirror(of + "pipe-since"));
      Shell.run("mkfifo", mirror(of + "pipe-since").toString());
    }
    fixture.ahead(Duration.ofSeconds(50));

    fixture.run();

    assertThat(inIncrement("longer")).hasContent("longer than it was stored");
    assertThat(inIncrement("of-two-longer")).hasContent("longer than it was stored");
    assertThat(inIncrement("damaged")).hasContent("BYTES of damaged");
    nextRunAt(70);
    assertThat(TargetChecks.restored(fixture, 2)).as("mended").isEqualTo(before);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
  }

  /** Names that shared the lost bytes, and have their own now, are no reason to lose them again. */
  @Test
  void run_storesDamagedBytesAnew_forNamesThatAreTwoFilesNow() throws Exception {
    Path source = fixture.source;
    ChangingTree.write(source, "split-a", "of two names");
    ChangingTree.link(source, "split-b", "split-a");
    Shell.run("mkfifo", source.resolve("pipe").toString());
    anotherGoodRun(30);
    overwrite(mirror("split-a"), "OF TWO NAMES");
    new Verification(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            LoggerFactory.getLogger("verify"))
        .verify(Verifier.ALL);
    Shell.run("cp", "-p", source.resolve("split-b").toString(), source + "/copy");
    Files.move(
        source.resolve("copy"), source.resolve("split-b"), StandardCopyOption.REPLACE_EXISTING);
    Files.delete(mirror("pipe"));
    Files.createDirectory(mirror("pipe"));
    Files.setPosixFilePermissions(
        source.resolve("pipe"), PosixFilePermissions.fromString("rw-------"));
    fixture.ahead(Duration.ofSeconds(50));

    fixture.run();

    assertThat(mirror("split-a")).hasContent("of two names");
    assertThat(mirror("split-b")).hasContent("of two names");
    assertThat(inode("split-a")).isNotEqualTo(inode("split-b"));
    assertThat(inIncrement("pipe")).isEmptyDirectory();
    nextRunAt(70);
  }

  /** By the bytes, where size and type are the same and the time is not. */
  @Test
  @Tag("rule-11")
  void run_keepsAFileOfTheSameSize_thatHasOtherBytes() throws Exception {
    ChangingTree.write(fixture.source, "of-four", "AAAA");
    anotherGoodRun(30);
    Files.writeString(mirror("of-four"), "BBBB");
    Files.setLastModifiedTime(mirror("of-four"), FileTime.fromMillis(1));
    ChangingTree.write(fixture.source, "of-four", "from the source");
    fixture.ahead(Duration.ofSeconds(50));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(inIncrement("of-four")).hasContent("BBBB");
    assertThat(TargetChecks.verify(fixture).missing()).isEqualTo(1);
    nextRunAt(70);
  }

  /** A name that nobody stored keeps no file of ours in the mirror. */
  @Test
  @Tag("rule-5")
  void run_keepsTheVersion_ofWhatWasLinkedByHand_orLostItsOtherName() throws Exception {
    Path source = fixture.source;
    ChangingTree.write(source, "a", "of three names");
    ChangingTree.link(source, "b", "a");
    ChangingTree.link(source, "c", "a");
    Files.createSymbolicLink(source.resolve("one"), Path.of("there"));
    anotherGoodRun(30);
    Map<String, String> before = TreeText.of(source);
    Shell.run("ln", "-P", mirror("one").toString(), scratch.resolve("by-hand").toString());
    Files.delete(mirror("b"));
    for (String name : List.of("a", "c", "one")) {
      Files.delete(source.resolve(name));
    }
    fixture.ahead(Duration.ofSeconds(50));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(Files.readSymbolicLink(inIncrement("one"))).isEqualTo(Path.of("there"));
    assertThat(TargetChecks.restored(fixture, 2)).isEqualTo(before);
  }

  @Test
  void run_keepsWhatTookTheNameOfADirectory_thatChangesInTheSource() throws Exception {
    Path source = fixture.source;
    for (String name : List.of("gone", "file")) {
      Files.createDirectories(source.resolve("tree-" + name));
      ChangingTree.write(source, "was-" + name + "/f", "f");
      ChangingTree.write(source, "pair-" + name + "/f", "f");
    }
    anotherGoodRun(30);
    for (String name : List.of("tree-", "was-", "pair-")) {
      TargetChecks.delete(mirror(name + "gone"));
      TargetChecks.delete(mirror(name + "file"));
      Files.writeString(mirror(name + "file"), "by hand");
    }
    for (String name : List.of("gone", "file")) {
      ChangingTree.write(source, "tree-" + name + "/new", "new");
      TargetChecks.delete(source.resolve("was-" + name));
      ChangingTree.write(source, "was-" + name, "a file now");
      TargetChecks.delete(source.resolve("pair-" + name));
      ChangingTree.write(source, "pair-" + name, "a file of two names now");
      ChangingTree.link(source, "pair-too-" + name, "pair-" + name);
    }
    fixture.ahead(Duration.ofSeconds(50));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(inIncrement("tree-file")).hasContent("by hand");
    assertThat(inIncrement("was-file")).hasContent("by hand");
    assertThat(inIncrement("pair-file")).hasContent("by hand");
    nextRunAt(70);
  }
}
