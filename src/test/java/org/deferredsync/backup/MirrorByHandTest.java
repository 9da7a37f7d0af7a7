package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
