package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whatever can be refused is asked for before the commit; what is stuck behind it binds nobody. */
@EnabledOnOs(OS.LINUX)
final class RulesOfPublishTest {
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
    ChangingTree.write(source, "content", "one");
    ChangingTree.write(source, "mode", "mode");
    ChangingTree.write(source, "gone", "gone");
    ChangingTree.write(source, "gone-tree/deep/file", "gone");
    ChangingTree.write(source, "file-to-directory", "a file");
    ChangingTree.write(source, "directory-to-file/file", "in a directory");
    ChangingTree.write(source, "inner/file", "one");
    fixture.run();
    first = TreeText.of(source);
    fixture.ahead(Duration.ofSeconds(20));
  }

  private void change() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    Shell.run("chmod", "600", source.resolve("mode").toString());
    Files.delete(source.resolve("gone"));
    TargetChecks.delete(source.resolve("gone-tree"));
    Files.delete(source.resolve("file-to-directory"));
    ChangingTree.write(source, "file-to-directory/new", "new");
    TargetChecks.delete(source.resolve("directory-to-file"));
    ChangingTree.write(source, "directory-to-file", "a file");
    ChangingTree.write(source, "new-tree/deep/file", "new");
  }

  private Path mirror(String name) {
    return fixture.mirror(source.resolve(name));
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names.filter(name -> name.getFileName().toString().startsWith("_backup_")).toList();
    }
  }

  private boolean isAnythingPending() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return !reader.pending().isEmpty();
    }
  }

  private void runIsGood() throws Exception {
    fixture.with(Posix.ofSystem()).with(CommitHook.NONE).ahead(Duration.ofSeconds(60));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  private void nextRunIsSound() throws Exception {
    runIsGood();
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-4")
  void publish_asksForNoRoom() throws Exception {
    Set<Call> allowed =
        EnumSet.of(
            Call.RENAME,
            Call.RENAME_NEW,
            Call.UNLINK,
            Call.REMOVE_DIRECTORY,
            Call.SET_OWNER,
            Call.SET_MODE,
            Call.SET_TIME,
            Call.SYNC);
    change();
    FaultyPosix posix = FaultyPosix.ofSystem();
    int[] commits = new int[2];
    fixture
        .with(posix)
        .with(
            new CommitHook() {
              @Override
              public void after() {
                if (++commits[0] == BATCH + 1) { // behind which nothing more is staged
                  commits[1] = posix.log().size();
                }
              }
            });
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    List<FaultyPosix.Entry> published =
        posix.log().subList(commits[1], posix.log().size()).stream()
            .takeWhile(entry -> entry.call() != Call.SYNC_FILE_SYSTEM)
            .filter(entry -> entry.call().mutates())
            .filter(entry -> !entry.objects().get(0).endsWith("/generation")) // in place
            .toList();
    assertThat(published).hasSizeGreaterThan(5);
    assertThat(published).allMatch(entry -> allowed.contains(entry.call()));
    nextRunIsSound();
  }

  @Test
  @Tag("rule-4")
  void run_commitsNothing_whenTheIncrementHasNoRoom() throws Exception {
    change();
    for (Call call : List.of(Call.LINK, Call.MAKE_DIRECTORY)) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failAlways(call, Errno.ENOSPC);
      fixture.with(posix);
      assertThatThrownBy(() -> fixture.run()).hasMessageContaining("no space left");

      assertThat(isAnythingPending()).isFalse();
      assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(first);
      assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    }
    nextRunIsSound();
  }

  @Test
  @Tag("rule-4")
  void run_isRefused_whenSomethingIsMountedInTheMirror() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    ChangingTree.write(source, "inner/file", "two, longer");
    ChangingTree.write(source, "inner/new", "new");
    Path beside = Files.createDirectory(fixture.target.resolve(Target.OWN).resolve("beside"));
    for (List<String> mount :
        List.of(
            List.of("mount", "-t", "tmpfs", "tmpfs"),
            List.of("mount", "--bind", beside.toString()))) {
      Stream<String> command = Stream.concat(mount.stream(), Stream.of(mirror("inner").toString()));
      Shell.run(command.toArray(String[]::new));
      try {
        assertThatThrownBy(() -> fixture.run())
            .as("%s", mount)
            .isInstanceOf(BackupException.class)
            .hasMessageContaining("something is mounted in it; unmount it and run again")
            .hasMessageContaining(source + "/inner")
            .extracting(e -> ((BackupException) e).kind())
            .isEqualTo(BackupException.Kind.PREREQUISITE);
        assertThat(mirror("inner")).isEmptyDirectory();
        assertThat(isAnythingPending()).isFalse();
      } finally {
        Shell.run("umount", mirror("inner").toString());
      }
    }
    Files.delete(beside);
    nextRunIsSound();
  }

  @Test
  @Tag("rule-4")
  void everythingButARun_works_whileAnOperationIsStuck() throws Exception {
    ChangingTree.write(source, "new-tree/file", "new");
    FaultyPosix posix = FaultyPosix.ofSystem();
    CommitHook somebody =
        new CommitHook() {
          private int commits;

          @Override
          public void after() {
            if (++commits == BATCH) {
              mirror("new-tree").resolve("by-hand").toFile().mkdirs();
            }
          }
        };
    fixture.with(posix).with(somebody);
    assertThatThrownBy(() -> fixture.run()).hasMessageContaining("not empty");
    fixture.with(CommitHook.NONE);

    assertThat(isAnythingPending()).isTrue();
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThatThrownBy(() -> fixture.run()).as("a run insists").hasMessageContaining("not empty");
    assertThat(mirror("new-tree/by-hand")).as("not ours to destroy").isDirectory();
    TargetChecks.delete(mirror("new-tree"));
    nextRunIsSound();
  }

  @Test
  @Tag("rule-4")
  void recovery_takesUncommittedNamesOutOfTheIncrement_andNothingElse() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    assertThat(fixture.diesBeforeCommit(BATCH)).isTrue();
    assertThat(increments()).hasSize(1);
    Path increment = increments().get(0);
    Path linked = increment.resolve(fixture.target.relativize(mirror("content")));
    assertThat(linked).hasContent("one");
    Files.writeString(linked.resolveSibling("by-hand"), "of the operator");

    runIsGood();

    assertThat(linked).doesNotExist();
    assertThat(linked.resolveSibling("by-hand")).hasContent("of the operator");
  }

  /** What was committed, and what somebody did to the mirror before it could be published. */
  @Test
  @Tag("rule-4")
  void recovery_leavesWhatSomebodyDidMeanwhile_andMakesWhatIsGone() throws Exception {
    ChangingTree.write(source, "other/file", "o");
    ChangingTree.write(source, "third/file", "t");
    fixture.run();
    first = TreeText.of(source);
    fixture.ahead(Duration.ofSeconds(40));
    for (String name : List.of("inner", "other", "mode", "content")) {
      Shell.run("chmod", "go-rwx", source.resolve(name).toString());
    }
    assertThat(fixture.diesAfterCommit(2)).isTrue();
    assertThat(isAnythingPending()).isTrue();
    TargetChecks.delete(mirror("inner"));
    TargetChecks.delete(mirror("other"));
    Files.writeString(mirror("other"), "a file by hand");
    Files.delete(mirror("mode"));
    Files.delete(mirror("content"));
    Files.createSymbolicLink(mirror("content"), mirror("gone"));
    Shell.run("chmod", "644", mirror("gone").toString());
    fixture.ahead(Duration.ofSeconds(50));

    fixture.run();

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(mirror("inner"))))
        .as("made again, as it was committed")
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(mirror("gone"))))
        .as("no link is followed")
        .isEqualTo("rw-r--r--");
    assertThat(mirror("other")).hasContent("a file by hand");
    assertThat(isAnythingPending()).isFalse();
  }

  @Test
  @Tag("rule-4")
  void recovery_overwritesNothing_thatSomebodyPutThereMeanwhile() throws Exception {
    ChangingTree.write(source, "new", "of the source");
    ChangingTree.write(source, "content", "two, longer");
    assertThat(fixture.diesAfterCommit(2)).isTrue();
    Files.writeString(mirror("new"), "by hand");
    fixture.ahead(Duration.ofSeconds(40));

    assertThatThrownBy(() -> fixture.run())
        .hasMessageContaining(
            source.resolve("new")
                + ": somebody put something into the mirror here while a run was at work; move it"
                + " away and run again");

    assertThat(mirror("new")).hasContent("by hand");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    Files.delete(mirror("new"));
    nextRunIsSound();
  }

  /** Links that a batch left which was never committed go; whatever else is there stays. */
  @Test
  @Tag("rule-4")
  void recovery_dropsTheLinksOfABatchThatWasNotCommitted_andNothingElse() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "gone", "changed too");
    ChangingTree.write(source, "mode", "changed as well");
    assertThat(fixture.diesBeforeCommit(2)).isTrue();
    Path increment = increments().get(0);
    Path inside = increment.resolve(source.toString().substring(1));
    assertThat(inside.resolve("content")).exists();
    Files.delete(mirror("gone"));
    Files.createLink(scratch.resolve("elsewhere"), inside.resolve("gone"));
    Files.delete(mirror("mode"));
    Files.writeString(mirror("mode"), "another file");
    Files.createLink(scratch.resolve("elsewhere-too"), inside.resolve("mode"));
    fixture.ahead(Duration.ofSeconds(40));

    fixture.run();

    assertThat(inside.resolve("gone")).as("the last of it in the target").hasContent("gone");
    assertThat(inside.resolve("mode")).hasContent("mode");
    assertThat(mirror("content")).hasContent("two, longer");
    assertThat(TargetChecks.restored(fixture, 1, source.resolve("content"))).isNotEmpty();
  }
}
