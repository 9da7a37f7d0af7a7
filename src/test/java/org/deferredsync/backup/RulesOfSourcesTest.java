package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run may conclude from what it sees of a source, and what it must look at again. */
@EnabledOnOs(OS.LINUX)
final class RulesOfSourcesTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.write(source, "d/x", "one");
    ChangingTree.write(source, "d/out", "out");
    ChangingTree.write(source, "content", "one");
  }

  private static EntryFilter leavingOut(Path file) {
    return new EntryFilter() {
      @Override
      public boolean excludes(FilePath path, boolean directory) {
        return path.equals(EngineFixture.filePath(file));
      }

      @Override
      public byte[] fingerprint() {
        return new byte[] {1};
      }
    };
  }

  private void goodRun(int seconds) throws Exception {
    fixture.ahead(Duration.ofSeconds(seconds));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  /** As on a network, where a server goes away at any instant of the run. */
  @Test
  void run_backsUpTheOtherSources_whereOneDies() throws Exception {
    Path other = Files.createDirectory(scratch.resolve("other"));
    boolean died = true;
    for (int call = 1; died; call++) {
      ChangingTree.write(source, "d/x", "changed " + call);
      ChangingTree.write(source, "d/new" + call, "new");
      Files.deleteIfExists(source.resolve("d/new" + (call - 1)));
      Files.setLastModifiedTime(source, FileTime.fromMillis(1_000_000_000_000L + call));
      ChangingTree.write(other, "file", "changed " + call);
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failBelow(source.toString(), call, Errno.ESTALE);
      fixture.with(posix).ahead(Duration.ofSeconds(20L * call));

      BackupReport report = fixture.run(source, other);

      died = posix.callsBelow() >= call;
      assertThat(report.sources().get(1).verdict()).as("call %d", call).isEqualTo(Verdict.GOOD);
      assertThat(fixture.mirror(other.resolve("file"))).hasContent("changed " + call);
      if (died) {
        assertThat(report.verdict()).as("call %d", call).isNotEqualTo(Verdict.GOOD);
      }
      assertThat(posix.openObjects()).as("call %d", call).isEmpty();
    }
    assertThat(state(fixture.with(Posix.ofSystem()).run(source, other)))
        .isEqualTo(SourceState.COMPLETE);
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    TargetChecks.sound(fixture);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void run_backsUpTheOtherSources_whereOneDies_newOrStored(boolean isNew) throws Exception {
    boolean died = true;
    for (int call = 1; died; call++) {
      EngineFixture first = new EngineFixture(Files.createDirectory(scratch.resolve("" + call)));
      ChangingTree.write(first.source, "d/x", "one");
      ChangingTree.write(first.source, "d/out", "out");
      ChangingTree.write(first.source, "moved", "bytes that move");
      Path other = Files.createDirectory(scratch.resolve(call + "/other"));
      ChangingTree.write(other, "file", "one");
      if (!isNew) {
        assertThat(first.run(first.source, other).verdict()).isEqualTo(Verdict.GOOD);
        ChangingTree.write(first.source, "d/x", "two");
        Files.move(first.source.resolve("moved"), first.source.resolve("d/moved"));
        ChangingTree.write(other, "file", "two");
        first.with(leavingOut(first.source.resolve("d/out"))).ahead(Duration.ofSeconds(10));
      }
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failBelow(first.source.toString(), call, Errno.ESTALE);

      BackupReport report = first.with(posix).run(first.source, other);

      died = posix.callsBelow() >= call;
      assertThat(report.sources().get(1).verdict()).as("call %d", call).isEqualTo(Verdict.GOOD);
      if (died) {
        assertThat(report.verdict()).as("call %d", call).isNotEqualTo(Verdict.GOOD);
      }
      assertThat(posix.openObjects()).as("call %d", call).isEmpty();
      first.with(Posix.ofSystem()).ahead(Duration.ofSeconds(20));
      assertThat(first.run(first.source, other).verdict()).isEqualTo(Verdict.GOOD);
      assertThat(Files.exists(first.mirror(first.source.resolve("d/out")))).isEqualTo(isNew);
      first.with(EntryFilter.NONE).ahead(Duration.ofSeconds(30));
      assertThat(first.run(first.source, other).verdict()).isEqualTo(Verdict.GOOD);
      assertThat(TreeText.of(first.mirror(first.source))).isEqualTo(TreeText.of(first.source));
      TargetChecks.sound(first);
    }
  }

  private static SourceState state(BackupReport report) {
    return report.sources().get(0).result().state();
  }

  @Test
  @Tag("rule-1")
  void run_looksAgain_whereOnlyTheRulesChanged() throws Exception {
    goodRun(20);
    fixture.with(leavingOut(source.resolve("d/out")));
    goodRun(40);
    assertThat(fixture.mirror(source.resolve("d/out"))).doesNotExist();
    fixture.with(EntryFilter.NONE);
    goodRun(60);
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-1")
  void run_looksAgain_atADirectoryInWhichANameWentAway() throws Exception {
    goodRun(20);
    ChangingTree.write(source, "d/new", "new");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, "new", Errno.ENOENT);
    fixture.with(posix);
    goodRun(40);
    assertThat(fixture.mirror(source.resolve("d/new"))).doesNotExist();
    fixture.with(Posix.ofSystem());
    goodRun(60);
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-5")
  void linkingATree_writesNoHistory() throws Exception {
    goodRun(20);
    Shell.run("cp", "-al", source.resolve("d").toString(), source.resolve("copy").toString());
    goodRun(40);
    TargetChecks.sound(fixture);
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Catalogue catalogue = Catalogue.openReader(file)) {
      assertThat(catalogue.expiry().between(0, Long.MAX_VALUE, null, 1000))
          .as("past versions, but of the directory that got a name")
          .allMatch(old -> old.path().equals(EngineFixture.filePath(source)));
    }
  }

  @Test
  @Tag("rule-8")
  void content_isReadAgainWhereTheInodeDiffers_andStoredWhereTheBytesDo() throws Exception {
    goodRun(20);
    Object before = Files.getAttribute(fixture.mirror(source.resolve("content")), "unix:ino");
    Path copy = source.resolve("copy");
    Shell.run("cp", "-p", source.resolve("content").toString(), copy.toString());
    Files.move(copy, source.resolve("content"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    goodRun(40);
    assertThat(Files.getAttribute(fixture.mirror(source.resolve("content")), "unix:ino"))
        .isEqualTo(before);
    FileTime time = Files.getLastModifiedTime(source.resolve("content"));
    Files.writeString(copy, "two");
    Files.setLastModifiedTime(copy, time);
    Files.move(copy, source.resolve("content"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    goodRun(60);
    assertThat(fixture.mirror(source.resolve("content"))).hasContent("two");
  }

  @Test
  @Tag("rule-8")
  void source_isHeld_whenItWasAMountAndIsNoneNow() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Path disk = Files.createDirectory(scratch.resolve("disk"));
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
    try {
      ChangingTree.write(disk, "file", "on a disk");
      assertThat(fixture.run(disk, source).verdict()).isEqualTo(Verdict.GOOD);
    } finally {
      Shell.run("umount", disk.toString());
    }
    ChangingTree.write(disk, "other", "of the disk below");
    fixture.ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run(disk, source);

    assertThat(report.verdict()).isEqualTo(Verdict.PREREQUISITE);
    assertThat(report.sources())
        .extracting(each -> each.result().state())
        .containsExactly(SourceState.HELD, SourceState.COMPLETE);
    assertThat(fixture.mirror(disk.resolve("file"))).hasContent("on a disk");
    assertThat(fixture.mirror(disk.resolve("other"))).doesNotExist();
  }

  @Test
  @Tag("rule-12")
  void source_isPartial_whenItGoesAwayBehindTheScan() throws Exception {
    goodRun(20);
    Map<String, String> before = TreeText.of(source);
    ChangingTree.write(source, "content", "two, longer");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.OPEN_FILE, "content", () -> TargetChecks.delete(source));
    fixture.with(posix).ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run();

    assertThat(report.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(state(report)).isEqualTo(SourceState.PARTIAL);
    assertThat(fixture.mirror(source.resolve("content"))).hasContent("one");
    assertThat(fixture.mirror(source.resolve("d/x"))).hasContent("one");
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(before);
  }

  @Test
  @Tag("rule-12")
  void source_isPartial_whenMoreVanishThanAFew() throws Exception {
    for (int i = 0; i < 150; i++) {
      ChangingTree.write(source, "many/" + i, "x");
    }
    goodRun(20);
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (int i = 0; i < 150; i++) {
      ChangingTree.write(source, "many/" + i, "longer");
      posix.failOn(Call.OPEN_FILE, "many/" + i, Errno.ENOENT);
    }
    fixture.with(posix).ahead(Duration.ofSeconds(40));

    BackupReport report = fixture.run();

    assertThat(state(report)).isEqualTo(SourceState.PARTIAL);
    assertThat(report.sources().get(0).result().reason()).contains("150 paths went away");
    fixture.with(Posix.ofSystem());
    goodRun(60);
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("rule-12")
  void source_cannotBeUnmounted_whileARunHasIt() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "mounting takes root");
    Path disk = Files.createDirectory(scratch.resolve("disk"));
    Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk.toString());
    try {
      ChangingTree.write(disk, "file", "on a disk");
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.before(
          Call.OPEN_FILE,
          "file",
          () ->
              assertThatThrownBy(() -> Shell.run("umount", disk.toString()))
                  .hasMessageContaining("busy"));
      assertThat(fixture.with(posix).run(disk).verdict()).isEqualTo(Verdict.GOOD);
      assertThat(fixture.mirror(disk.resolve("file"))).hasContent("on a disk");
    } finally {
      Shell.run("umount", disk.toString());
    }
  }

  @Test
  @Tag("rule-17")
  void file_ofTheFuture_isNotReadForEver() throws Exception {
    Files.setLastModifiedTime(
        source.resolve("d/x"), FileTime.from(Instant.parse("2099-01-01T00:00:00Z")));
    goodRun(20);
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    goodRun(40);
    assertThat(posix.log())
        .noneMatch(e -> e.call() == Call.OPEN_FILE && e.objects().get(0).endsWith("/d/x"));
  }

  /** The moment that counts is that of the reading, however long after the start it comes. */
  @Test
  @Tag("rule-17")
  void edit_isFound_whenItHidInTheTickOfAReadingLongBehindTheScan() throws Exception {
    fixture.ahead(Duration.ZERO);
    Path file = source.resolve("content");
    FaultyPosix posix = FaultyPosix.ofSystem();
    FileTime[] time = new FileTime[1];
    posix.before(
        Call.OPEN_FILE,
        "content",
        () -> {
          try {
            Thread.sleep(2500);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          Files.writeString(file, "AAA");
          time[0] = Files.getLastModifiedTime(file);
        });
    fixture.with(posix).run();
    Files.writeString(file, "BBB");
    Files.setLastModifiedTime(file, time[0]);
    fixture.with(Posix.ofSystem());
    goodRun(40);

    assertThat(fixture.mirror(file)).hasContent("BBB");
  }

  @Test
  @Tag("small-rule-2")
  void chmodOfATree_readsEachFileOnce_andCopiesNothing() throws Exception {
    goodRun(20);
    Shell.run("chmod", "-R", "u+x", source.toString());
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    goodRun(40);
    List<String> read =
        posix.log().stream()
            .filter(entry -> entry.call() == Call.OPEN_FILE)
            .map(entry -> entry.objects().get(0))
            .filter(object -> object.startsWith(source + "/"))
            .toList();
    assertThat(read).hasSize(3).doesNotHaveDuplicates();
    assertThat(posix.log())
        .noneMatch(e -> e.call() == Call.CREATE_FILE && e.objects().get(0).contains("/staging/"));
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("small-rule-3")
  void furtherNames_areLinked_andNeverRead() throws Exception {
    for (int i = 0; i < 5; i++) {
      ChangingTree.link(source, "d/name-" + i, "content");
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.with(posix);
    goodRun(20);
    assertThat(posix.log())
        .filteredOn(entry -> entry.call() == Call.OPEN_FILE)
        .filteredOn(entry -> entry.objects().get(0).matches(source + "/(content|d/name-.)"))
        .hasSize(1);
    TargetChecks.sound(fixture);
  }

  @Test
  @Tag("small-rule-7")
  void increments_areNamedInTheirOrder_whateverTheClockSays() throws Exception {
    for (int run = 0; run < 4; run++) {
      ChangingTree.write(source, "content", "x".repeat(10 + run));
      if (run == 2) {
        fixture.ahead(Duration.ofHours(-1));
        assertThat(fixture.run().clockDoubt()).contains("before the last run");
      } else {
        goodRun(20);
      }
    }
    goodRun(30);
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      List<String> names =
          reader.catalogue().runs().list().stream()
              .map(run -> run.increment())
              .filter(name -> name != null)
              .toList();
      assertThat(names).hasSize(3).doesNotHaveDuplicates().isSorted();
      try (Stream<Path> there = Files.list(fixture.target)) {
        assertThat(there.map(path -> path.getFileName().toString()))
            .as("made at the first displacement")
            .filteredOn(name -> name.startsWith("_backup_"))
            .containsExactlyInAnyOrderElementsOf(names);
      }
    }
  }

  /** What it says at the start was judged; how long the run took nobody knows then. */
  @Test
  @Tag("small-rule-12")
  void nothingExpires_byWhatTheClockDidDuringTheRun() throws Exception {
    fixture.with(new Retention(15, 1));
    for (int day = 0; day < 3; day++) {
      fixture.ahead(Duration.ofDays(day));
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    }
    fixture.ahead(Duration.ofDays(3));
    fixture.leaps(Duration.ofDays(3650));

    assertThat(fixture.run().clockDoubt()).isEmpty();

    fixture.leaps(Duration.ZERO);
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  @Tag("small-rule-8")
  void directory_keepsItsRow_andWhatIsAboveASource_isScaffolding() throws Exception {
    goodRun(20);
    long id = directory();
    Map<String, String> first = TreeText.of(source);
    TargetChecks.delete(source.resolve("d"));
    goodRun(40);
    ChangingTree.write(source, "d/x", "again");
    goodRun(60);

    assertThat(directory()).isEqualTo(id);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(TreeText.of(fixture.target).get(scratch.toString().substring(1)))
        .startsWith("40700 ");
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      assertThat(reader.catalogue().entries().find(EngineFixture.filePath(source))).isPresent();
      assertThat(reader.catalogue().entries().find(EngineFixture.filePath(scratch))).isEmpty();
    }
  }

  private long directory() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      return reader
          .catalogue()
          .directories()
          .find(EngineFixture.filePath(source.resolve("d")))
          .orElseThrow()
          .id();
    }
  }
}
