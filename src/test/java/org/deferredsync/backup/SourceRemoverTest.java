package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A retired source is removed, but for what is not its own, or not its own alone. */
@EnabledOnOs(OS.LINUX)
final class SourceRemoverTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private Path other;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    other = Files.createDirectory(scratch.resolve("other"));
  }

  private void run(int day, Path... sources) throws Exception {
    fixture.ahead(Duration.ofDays(day));
    assertThat(fixture.run(sources).verdict()).isEqualTo(Verdict.GOOD);
  }

  private Prune prune(Path... configured) {
    return fixture.prune(configured);
  }

  private Prune.Removal remove(Path retired, Path... configured) throws Exception {
    return prune(configured).remove(EngineFixture.filePath(retired));
  }

  @Test
  void remove_keepsAFile_thatThePastOfAnotherSourceNeeds_untilThatHasExpired() throws Exception {
    for (int i = 0; i < 2_100; i++) {
      ChangingTree.write(other, "crowd/" + i, "");
    }
    ChangingTree.write(source, "one", "the only copy");
    ChangingTree.write(source, "two", "another");
    ChangingTree.write(source, "stays", "s");
    Files.createDirectories(other.resolve("deep/er"));
    Files.createLink(other.resolve("deep/er/one"), source.resolve("one"));
    Files.createLink(other.resolve("deep/two"), source.resolve("two"));
    run(1, source, other);
    Map<String, String> first = TargetChecks.restored(fixture, 1);
    Files.delete(source.resolve("one"));
    Files.delete(source.resolve("two"));
    run(2, source, other);

    Prune.Removal removal = remove(other, source);

    assertThat(removal.staying()).isEqualTo(2);
    assertThat(fixture.mirror(other.resolve("crowd"))).doesNotExist();
    assertThat(fixture.mirror(other.resolve("deep/er/one"))).hasContent("the only copy");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    run(3, source);
    prune(source).run(new Retention(1, 1));
    assertThat(fixture.mirror(other)).as("prune ends what was begun").doesNotExist();
    assertThat(TargetChecks.knows(fixture, other)).isFalse();
    TargetChecks.sound(fixture);
  }

  @Test
  void remove_tellsByTheBytes_whatIsItsOwn() throws Exception {
    for (String name : Set.of("touched", "edited", "unreadable", "longer", "gone")) {
      ChangingTree.write(other, name, "of ours");
    }
    ChangingTree.write(other, "directory-now", "a file");
    Files.createSymbolicLink(other.resolve("link"), Path.of("here"));
    run(1, source, other);
    FileTime time = FileTime.fromMillis(1);
    Files.setLastModifiedTime(fixture.mirror(other.resolve("touched")), time);
    Files.writeString(fixture.mirror(other.resolve("edited")), "of them");
    Files.setLastModifiedTime(fixture.mirror(other.resolve("unreadable")), time);
    Files.writeString(fixture.mirror(other.resolve("longer")), "of somebody else");
    Files.delete(fixture.mirror(other.resolve("gone")));
    Path taken = fixture.mirror(other.resolve("directory-now"));
    Files.delete(taken);
    Files.createDirectory(taken);
    Path link = fixture.mirror(other.resolve("link"));
    Files.delete(link);
    Files.createSymbolicLink(link, Path.of("elsewhere"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.READ, "unreadable", Errno.EIO);
    fixture.with(posix);

    try (LogCapture log = new LogCapture("prune")) {
      remove(other, source);

      assertThat(log.lines())
          .containsExactlyInAnyOrderElementsOf(
              Set.of("edited", "unreadable", "longer", "directory-now", "link").stream()
                  .map(
                      name ->
                          "WARN prune: "
                              + other.resolve(name)
                              + ": not what was stored there; it stays in the mirror.")
                  .toList());
    }
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
    assertThat(TreeText.of(fixture.mirror(other)))
        .containsOnlyKeys(".", "edited", "unreadable", "longer", "directory-now", "link");
    assertThat(TargetChecks.knows(fixture, other)).isFalse();
  }

  @Test
  void remove_ofTheOnlySource_takesTheDirectoriesAboveIt_whereverItDied() throws Exception {
    ChangingTree.write(other, "d/file", "1");
    run(1, other);
    ChangingTree.write(other, "d/file", "22");
    run(2, other);
    Path saved = Files.createDirectory(scratch.resolve("saved"));
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    int deaths = 0;
    for (boolean dies = true; dies; deaths++) {
      Shell.run("rm", "-rf", fixture.target.toString());
      Shell.run("cp", "-a", saved + "/.", scratch.toString());
      FaultyPosix posix = FaultyPosix.ofSystem();
      fixture.with(posix).with(Deaths.afterCommit(posix, deaths + 1));
      dies = dies(posix);
      if (TargetChecks.knows(fixture, other)) {
        remove(other);
      }
      prune().run(new Retention(1, 1));
      assertThat(topNames()).as("died at %d", deaths).containsExactly(Target.OWN);
      TargetChecks.verified(fixture, false);
    }
    assertThat(deaths).isGreaterThan(4);
  }

  private boolean dies(FaultyPosix posix) throws Exception {
    try {
      remove(other);
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      posix.endProcess();
      fixture.with(Posix.ofSystem()).with(CommitHook.NONE);
    }
  }

  private Set<String> topNames() throws IOException {
    try (var names = Files.list(fixture.target)) {
      return names.map(name -> name.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  @Test
  void remove_leavesTheDirectoriesAbove_thatAreNoneAnyMoreOrHoldSomethingElse() throws Exception {
    Path deep = Files.createDirectories(scratch.resolve("above/deep"));
    Path link = Files.createDirectories(scratch.resolve("around/deep"));
    ChangingTree.write(deep, "file", "1");
    ChangingTree.write(link, "file", "1");
    run(1, source, deep, link);
    Files.writeString(fixture.mirror(scratch.resolve("above/letter")), "of the operator");
    TargetChecks.delete(fixture.mirror(scratch.resolve("around")));
    Path elsewhere = Files.createDirectory(scratch.resolve("elsewhere"));
    Files.createSymbolicLink(fixture.mirror(scratch.resolve("around")), elsewhere);

    remove(deep, source);
    remove(link, source);

    assertThat(fixture.mirror(scratch.resolve("above/letter"))).hasContent("of the operator");
    assertThat(fixture.mirror(deep)).doesNotExist();
    assertThat(fixture.mirror(scratch.resolve("around"))).isSymbolicLink();
    Files.delete(fixture.mirror(scratch.resolve("around")));
    Files.delete(fixture.mirror(scratch.resolve("above/letter")));
    Files.delete(fixture.mirror(scratch.resolve("above")));
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-19")
  void remove_ofTheWholeFileSystem_leavesTheTargetItself_andTheSourceInIt() throws Exception {
    FilePath wanted = EngineFixture.filePath(scratch);
    FilePath target = EngineFixture.filePath(fixture.target);
    EntryFilter filter =
        new EntryFilter() {
          @Override
          public boolean excludes(FilePath path, boolean directory) {
            return path.equals(target) || (!path.contains(wanted) && !wanted.contains(path));
          }

          @Override
          public byte[] fingerprint() {
            return "all but one".getBytes(StandardCharsets.UTF_8);
          }
        };
    ChangingTree.write(source, "file", "1");
    ChangingTree.write(other, "file", "1");
    fixture.with(filter);
    run(1, Path.of("/"));
    fixture.with(EntryFilter.NONE);
    run(2, source);
    Map<String, String> before = TreeText.of(fixture.mirror(source));

    remove(Path.of("/"), source);

    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(before);
    assertThat(fixture.mirror(other)).doesNotExist();
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(2L);
    TargetChecks.verified(fixture, false);
    run(3, source);
    assertThatThrownBy(() -> remove(Path.of("/"), source)).hasMessageContaining("not a source");
  }
}
