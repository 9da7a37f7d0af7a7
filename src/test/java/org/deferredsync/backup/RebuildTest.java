package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Rebuild.Report;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A catalogue that is lost or damaged, and made again. */
@EnabledOnOs(OS.LINUX)
final class RebuildTest {
  private static final Logger LOG = LoggerFactory.getLogger("rebuild");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Duration ahead = Duration.ofSeconds(10);
  private int runs;
  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  /** Three runs: adds, changes of every kind, a hard link, a link, a removed tree. */
  private void history() throws Exception {
    write("a", "one");
    write("dir/b", "two");
    write("dir/gone", "three");
    write("empty/x", "");
    Files.delete(source.resolve("empty/x"));
    Files.createLink(source.resolve("hard"), source.resolve("a"));
    Files.createSymbolicLink(source.resolve("link"), Path.of("dir/b"));
    good();
    write("a2 with blank%", "four");
    write("dir/b", "two, changed");
    Files.delete(source.resolve("dir/gone"));
    Files.setLastModifiedTime(source.resolve("link"), FileTime.fromMillis(1));
    good();
    Shell.run("rm", "-r", source.resolve("dir").toString());
    Files.setPosixFilePermissions(source.resolve("a"), Set.of());
    good();
  }

  private void write(String name, String text) throws IOException {
    Path file = source.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private BackupReport good() throws Exception {
    // Increments of one second are named by the next ones, which no clock may be before.
    fixture.ahead(ahead.plusSeconds(20L * runs++));
    BackupReport report = fixture.run();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    return report;
  }

  private Path own(String name) {
    return fixture.target.resolve(".deferred-sync").resolve(name);
  }

  private Report rebuild() throws Exception {
    return new Rebuild(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            Set.of(EngineFixture.filePath(source)),
            LOG)
        .run(false);
  }

  private void lose() throws IOException {
    for (String name : List.of("catalogue.db", "catalogue.db-wal", "catalogue.db-shm")) {
      Files.deleteIfExists(own(name));
    }
  }

  private List<Path> manifests() throws IOException {
    try (Stream<Path> files = Files.list(own("manifests"))) {
      return files.filter(file -> !file.endsWith("runs.gz")).sorted().toList();
    }
  }

  /** The next run changes nothing and copies nothing. */
  private void ordinaryRun() throws Exception {
    BackupReport report = good();
    report
        .sources()
        .forEach(
            one -> {
              assertThat(one.result().counts().unchanged()).as("%s", one).isTrue();
              assertThat(one.result().counts().copiedBytes()).isZero();
            });
    Verifier.Result verified = TargetChecks.verify(fixture);
    assertThat(verified.good()).as("verify: %s", verified).isTrue();
    assertThat(verified.unknown()).isZero();
  }

  @Test
  void rebuild_makesTheSameRows_afterTheFileWasDeleted() throws Exception {
    history();
    String before = CatalogueText.of(fixture);
    lose();
    assertThatThrownBy(fixture::run).hasMessageContaining("deferred-sync rebuild");
    Report report = rebuild();
    assertThat(report.rebuilt()).isTrue();
    assertThat(report.exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }

  @Test
  void rebuild_leavesAWholeCatalogueAlone() throws Exception {
    history();
    byte[] before = Files.readAllBytes(own("catalogue.db"));
    assertThat(rebuild()).isEqualTo(new Report(false, true, 3, 0, null));
    assertThat(Files.readAllBytes(own("catalogue.db"))).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 50, 4096, 20_000})
  void rebuild_makesTheSameRows_afterTheFileWasCut(long length) throws Exception {
    history();
    String before = CatalogueText.of(fixture);
    byte[] whole = Files.readAllBytes(own("catalogue.db"));
    try (var file = Files.newByteChannel(own("catalogue.db"), StandardOpenOption.WRITE)) {
      file.truncate(length);
    }
    byte[] cut = Files.readAllBytes(own("catalogue.db"));
    Map<String, String> tree = TreeText.of(fixture.mirror(source));
    assertThatThrownBy(fixture::run).hasMessageContaining("deferred-sync rebuild");
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(tree);
    assertThat(whole).isNotEqualTo(cut);
    Report report = rebuild();
    assertThat(report.exact()).isTrue();
    assertThat(own(String.valueOf(report.keptAs()))).hasBinaryContent(cut);
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }

  @Test
  void rebuild_makesTheSameRows_afterBitsFlipped() throws Exception {
    long seed = Long.getLong("rebuild.seed", new Random().nextInt(1_000_000));
    System.out.printf("flipped bits: -Drebuild.seed=%d%n", seed);
    Random random = new Random(seed);
    history();
    String before = CatalogueText.of(fixture);
    byte[] whole = Files.readAllBytes(own("catalogue.db"));
    for (int round = 0; round < 15; round++) {
      byte[] damaged = whole.clone();
      int at = round < 3 ? random.nextInt(100) : random.nextInt(whole.length);
      for (int i = at; i < Math.min(at + 200, whole.length); i++) {
        damaged[i] ^= (byte) (1 + random.nextInt(255));
      }
      Files.write(own("catalogue.db"), damaged);
      rebuildAnyway();
      assertThat(CatalogueText.of(fixture)).as("bits flipped at %d", at).isEqualTo(before);
    }
    ordinaryRun();
  }

  private Report rebuildAnyway() throws Exception {
    return new Rebuild(fixture.engine(), EngineFixture.filePath(fixture.target), Set.of(), LOG)
        .run(true);
  }

  @Test
  void rebuild_makesTheSameRows_ofManyBatches_andOfAllInOne() throws Exception {
    fixture.with(new Batch.Limits(2, 1 << 20));
    history();
    assertThat(manifests()).hasSizeGreaterThan(6);
    String before = CatalogueText.of(fixture);
    lose();
    assertThat(rebuild().exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    Files.delete(manifests().get(manifests().size() - 1));
    write("more", "more");
    good(); // sees that one is missing and writes all anew
    assertThat(manifests()).hasSize(1);
    write("more", "still more");
    good();
    before = CatalogueText.of(fixture);
    lose();
    assertThat(rebuild().exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }

  @Test
  void rebuild_finishesARun_thatDiedAtAnyCommit() throws Exception {
    for (int commit = 1; commit < 40; commit++) {
      for (boolean after : List.of(false, true)) {
        Shell.run("find", scratch.toString(), "-mindepth", "1", "-delete");
        fixture = new EngineFixture(scratch).with(new Batch.Limits(3, 1 << 20));
        history();
        write("a", "after all");
        write("dir/b", "is back");
        Shell.run("rm", "-r", source.resolve("empty").toString());
        boolean died = after ? fixture.diesAfterCommit(commit) : fixture.diesBeforeCommit(commit);
        if (!died) {
          assertThat(commit).isGreaterThan(4);
          return;
        }
        lose();
        Report report = rebuild();
        assertThat(report.exact()).as("died at commit %d", commit).isTrue();
        good();
        assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
        restoresAll();
        ordinaryRun();
      }
    }
  }

  @Test
  void rebuild_makesItAgain_afterTheLogOfAKilledRunWasDeleted() throws Exception {
    fixture.with(new Batch.Limits(3, 1 << 20));
    history();
    byte[] withoutLog = Files.readAllBytes(own("catalogue.db"));
    write("a", "after all");
    write("dir/b", "is back");
    write("other/c", "new");
    assertThat(fixture.diesAfterCommit(4)).isTrue();
    lose();
    Files.write(own("catalogue.db"), withoutLog);
    assertThatThrownBy(fixture::run).hasMessageContaining("deferred-sync rebuild");
    assertThat(rebuild().exact()).isTrue();
    good();
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
    restoresAll();
  }

  @Test
  void rebuild_canBeCutShortAnywhere() throws Exception {
    history();
    String before = CatalogueText.of(fixture);
    lose();
    int deaths = 0;
    for (int call = 1; ; call++) {
      FaultyPosix dying = FaultyPosix.ofSystem();
      dying.crashBefore(call);
      fixture.with(dying);
      try {
        rebuild();
        break;
      } catch (CrashError expected) {
        deaths++;
      } finally {
        dying.endProcess();
        fixture.with(Posix.ofSystem());
      }
    }
    assertThat(deaths).isGreaterThan(5);
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }

  @Test
  void readers_nameTheRemedy_whereTheCatalogueIsNone() throws Exception {
    history();
    for (long length : List.of(0L, 50L, 5000L)) {
      byte[] whole = Files.readAllBytes(own("catalogue.db"));
      try (var file = Files.newByteChannel(own("catalogue.db"), StandardOpenOption.WRITE)) {
        file.truncate(length);
      }
      assertThatThrownBy(this::snapshots)
          .as("cut to %d", length)
          .hasMessageContaining("deferred-sync rebuild");
      Files.write(own("catalogue.db"), whole);
    }
    lose();
    assertThatThrownBy(this::snapshots).hasMessageContaining("deferred-sync rebuild");
  }

  private void snapshots() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      reader.snapshots().all();
    }
  }

  private void restoresAll() throws Exception {
    Path to = scratch.resolve("restored");
    List<String> ids = new ArrayList<>();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      for (Snapshot snapshot : reader.snapshots().all()) {
        ids.add(Long.toString(snapshot.run().id()));
      }
    }
    assertThat(ids).contains("1", "2", "3");
    for (String id : ids) {
      assertThat(restore(id, to)).as("not restored of %s", id).isZero();
      Shell.run("rm", "-rf", to.toString());
    }
  }

  private long restore(String id, Path to) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Snapshot from = reader.snapshots().at(PointInTime.parse(id), Instant.now(), ZoneOffset.UTC);
      return new Restorer(from, Clock.systemUTC(), LOG)
          .restore(List.of(EngineFixture.filePath(source)), EngineFixture.filePath(to))
          .failed();
    }
  }

  @Test
  void rebuild_leavesWhatExpiredExpired() throws Exception {
    fixture.with(new Retention(1, 1));
    history();
    ahead = Duration.ofDays(3);
    write("a2", "late");
    good();
    String before = CatalogueText.of(fixture);
    assertThat(before).contains("expired=true");
    lose();
    assertThat(rebuild().exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }

  /** The newest content expires, and what is stored next has its number. */
  @Test
  void rebuild_takesNoContentForOne_thatExpiredBefore() throws Exception {
    fixture.with(new Retention(1, 1));
    write("a", "one");
    good();
    write("b", "the newest");
    good();
    Files.delete(source.resolve("b"));
    good();
    ahead = Duration.ofDays(3);
    good();
    write("c", "newer");
    good();
    String before = CatalogueText.of(fixture);
    lose();

    assertThat(rebuild().exact()).isTrue();

    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    ordinaryRun();
  }

  @Test
  void rebuild_listsEveryIncrement_whereNoManifestIsLeft() throws Exception {
    history();
    Map<String, String> newest = TreeText.of(source);
    lose();
    Shell.run("rm", "-r", own("manifests").toString());
    Report report = rebuild();
    assertThat(report.exact()).isFalse();
    assertThat(report.runs()).isEqualTo(3); // one before, two increments
    Path to = scratch.resolve("restored");
    assertThat(restore("1", to)).isZero();
    Path data = to.resolve("source");
    assertThat(data.resolve("dir/gone")).hasContent("three");
    assertThat(data.resolve("dir/b")).hasContent("two");
    assertThat(data.resolve("a")).hasContent("one");
    assertThat(Files.readSymbolicLink(data.resolve("link"))).isEqualTo(Path.of("dir/b"));
    Shell.run("rm", "-rf", to.toString());
    assertThat(restore("2", to)).isZero();
    assertThat(data.resolve("dir/b")).hasContent("two, changed");
    assertThat(data.resolve("dir/gone")).doesNotExist();
    Shell.run("rm", "-rf", to.toString());
    assertThat(restore("3", to)).isZero();
    assertThat(TreeText.of(data)).isEqualTo(newest);
    ordinaryRun();
    lose(); // what was found is written down
    assertThat(rebuild().exact()).isTrue();
  }

  @Test
  void rebuild_fromFilesAlone_knowsADirectory_thatWasAFileForAWhile() throws Exception {
    write("name/x", "one");
    good();
    write("name/x", "another");
    good();
    Shell.run("rm", "-r", source.resolve("name").toString());
    write("name", "a file");
    good();
    Files.delete(source.resolve("name"));
    write("name/y", "a directory again");
    good();
    lose();
    Shell.run("rm", "-r", own("manifests").toString());
    assertThat(rebuild().exact()).isFalse();
    Path to = scratch.resolve("restored");
    Path name = to.resolve("source/name");
    assertThat(restore("1", to)).isZero();
    assertThat(name.resolve("x")).hasContent("one");
    Shell.run("rm", "-rf", to.toString());
    assertThat(restore("2", to)).isZero();
    assertThat(name.resolve("x")).hasContent("another");
    Shell.run("rm", "-rf", to.toString());
    assertThat(restore("3", to)).isZero();
    assertThat(name).hasContent("a file");
    Shell.run("rm", "-rf", to.toString());
    assertThat(restore("4", to)).isZero();
    assertThat(name.resolve("y")).hasContent("a directory again");
    assertThat(name.resolve("x")).doesNotExist();
    ordinaryRun();
  }

  @Test
  void rebuild_takesWhatIsLeft_whereManifestsAreDamaged() throws Exception {
    history();
    for (int at = 0; at < 3; at++) {
      fixture = new EngineFixture(scratch);
      List<Path> all = manifests();
      Path damaged = all.get(Math.min(at, all.size() - 1));
      byte[] bytes = Files.readAllBytes(damaged);
      bytes[bytes.length / 2] ^= 0x10;
      Files.write(damaged, bytes);
      lose();
      Report report = rebuild();
      assertThat(report.exact()).isFalse();
      assertThat(damaged.resolveSibling(damaged.getFileName() + ".damaged"))
          .hasBinaryContent(bytes);
      ordinaryRun();
      write("a2", "change " + at);
      good();
      Shell.run("rm", own("manifests/" + damaged.getFileName() + ".damaged").toString());
    }
  }

  @Test
  void rebuild_refusesManifests_thatNameWhatNoBackupStores() {
    for (String row :
        List.of(
            "+ /a/../b",
            "+ a",
            "+ /a%00b",
            "+ \"\"",
            "+ /a 1 100644 0 0 1 0.000000000 0 - - - - - -",
            "place 0 /a - - 0 -",
            "do 1 1 put ../../x /a 0",
            "run 1 0.000000000 - ../x",
            "end /a",
            "end /a 1 2",
            "nothing")) {
      assertThatThrownBy(() -> ManifestRow.parse(row.getBytes(StandardCharsets.UTF_8)))
          .as(row)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** What a manifest that was left out knew would be lost for ever. */
  @Test
  void rebuild_makesNothing_whenAManifestCannotBeReadNow() throws Exception {
    history();
    lose();
    Path manifest = manifests().get(1);
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.READ, manifest.toString(), Errno.EIO);
    fixture.with(posix);

    assertThatThrownBy(this::rebuild)
        .hasMessageContaining(manifest + ": input/output error")
        .hasMessageContaining("rebuild again when it can be read");

    assertThat(posix.openObjects()).isEmpty();
    assertThat(own("catalogue.db")).doesNotExist();
    fixture.with(Posix.ofSystem());
    assertThat(rebuild().exact()).isTrue();
  }

  @Test
  void rebuild_asksForAnother_whenAFileCannotBeReadNow() throws Exception {
    write("a", "one");
    good();
    lose();
    TargetChecks.delete(own("manifests"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.READ, fixture.mirror(source.resolve("a")).toString(), Errno.EIO);
    fixture.with(posix);

    assertThatThrownBy(this::rebuild)
        .hasMessageContaining("input/output error")
        .hasMessageEndingWith("; rebuild again when it can be read")
        .hasMessageNotContaining("Exception");

    assertThat(posix.openObjects()).isEmpty();
    assertThat(own("catalogue.db")).doesNotExist();
    fixture.with(Posix.ofSystem());
    assertThat(rebuild().found()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "OPEN_PATH, target, EIO, : its disk fails; ",
    "CREATE_FILE, catalogue.new, ENOSPC, ': full, '",
    "LIST, staging, EIO, : its disk fails; ",
    "RENAME_NEW, catalogue.new, EACCES, ': '"
  })
  void rebuild_namesTheTargetAndTheRemedy_whenItsDiskFails(
      Call call, String name, Errno errno, String says) throws Exception {
    history();
    lose();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(call, name, errno);
    fixture.with(posix);

    assertThatThrownBy(this::rebuild)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith(fixture.target + says)
        .hasMessageContaining(errno.text())
        .hasMessageEndingWith("; nothing that was stored is lost, rebuild again");

    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
    rebuild();
    good();
    TargetChecks.sound(fixture);
  }

  @Test
  void rebuild_isRefused_whereTheTargetIsReadOnly() throws Exception {
    history();
    lose();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_OWN, "lock", Errno.EROFS);
    fixture.with(posix);

    assertThatThrownBy(this::rebuild)
        .isInstanceOf(BackupException.class)
        .hasMessageStartingWith("BACKUPTO=" + fixture.target + ": mounted read-only; ")
        .extracting(e -> ((BackupException) e).kind())
        .isEqualTo(BackupException.Kind.PREREQUISITE);
  }

  /** SQLite finds nothing wrong with it: no file has such a name. */
  @Test
  void rebuild_makesTheSameRows_whereTheCatalogueNamesWhatCannotBe() throws Exception {
    history();
    String before = CatalogueText.of(fixture);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + own("catalogue.db"));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("UPDATE entry SET name = x'2e2e' WHERE name = CAST('a' AS BLOB)");
    }

    Rebuild.Report report = rebuild();

    assertThat(report.rebuilt()).isTrue();
    assertThat(report.keptAs()).as("the damaged one").isNotNull();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    ordinaryRun();
  }
}
