package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.Verification.Repaired;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.Contents.State;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.LogCapture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What is damaged, missing or unknown is found, and brought back from where it still is. */
@EnabledOnOs(OS.LINUX)
final class VerificationTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private int ahead = 20;

  @BeforeEach
  void firstRun() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.make(source);
    fixture.run();
    later();
  }

  private void later() {
    ahead += 20;
    fixture.ahead(Duration.ofSeconds(ahead));
  }

  private Verification verification() {
    return new Verification(
        fixture.engine(),
        EngineFixture.filePath(fixture.target),
        LoggerFactory.getLogger("verify"));
  }

  private Verifier.Result verify() throws Exception {
    return verification().verify(Verifier.ALL);
  }

  private Repaired repair() throws Exception {
    return verification().repair(fixture.request(source), Verifier.ALL);
  }

  private Path mirror(String name) {
    return fixture.mirror(source.resolve(name));
  }

  /** Another byte at the beginning, and nothing else that stat tells, as a failing disk does it. */
  static void rot(Path file) throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {'#'}), 0);
    }
    Files.setLastModifiedTime(file, time);
  }

  private List<Path> inIncrements(String name) throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names
          .filter(path -> path.getFileName().toString().startsWith("_backup_"))
          .map(path -> path.resolve(source.resolve(name).toString().substring(1)))
          .filter(path -> Files.exists(path))
          .sorted()
          .toList();
    }
  }

  private void isWhole(Map<String, String> first) throws Exception {
    later();
    assertThat(fixture.run().sources().get(0).result().counts().unchanged()).isTrue();
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    for (long snapshot : TargetChecks.snapshots(fixture)) {
      TargetChecks.restored(fixture, snapshot);
    }
  }

  @Test
  void verify_findsEveryFault_andChangesNothing() throws Exception {
    rot(mirror("content"));
    Files.delete(mirror("mode"));
    TargetChecks.delete(mirror("gone-tree"));
    Files.delete(mirror("link"));
    Files.createSymbolicLink(mirror("link"), Path.of("other"));
    Files.writeString(mirror("nested/unknown"), "by hand");
    Files.createDirectory(fixture.target.resolve("_backup_20200101T000000Z"));

    Verifier.Result result = verify();

    assertThat(result.damaged()).as("content, link").isEqualTo(2);
    assertThat(result.missing()).as("mode, gone-tree, deep, and two files").isEqualTo(5);
    assertThat(result.unknown()).isEqualTo(2);
    assertThat(result.good()).isFalse();
    assertThat(mirror("nested/unknown")).hasContent("by hand");
  }

  @Test
  void verify_saysNothingOfFiles_thatItLacksDescriptorsFor() throws Exception {
    ChangingTree.change(source);
    fixture.run();
    later();
    String increment = inIncrements("gone").get(0).toString();
    Map<Call, String> lacking =
        Map.of(
            Call.OPEN_FILE, "content",
            Call.OPEN_DIRECTORY, "nested",
            Call.LIST, "nested",
            Call.STAT, increment);
    for (Call call : lacking.keySet()) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failOn(call, lacking.get(call), Errno.EMFILE);
      fixture.with(posix);

      assertThatThrownBy(this::verify)
          .isInstanceOf(PosixException.class)
          .hasMessageContaining("too many open files");

      assertThat(posix.openObjects()).isEmpty();
      fixture.with(Posix.ofSystem());
      assertThat(states(State.MISSING) + states(State.DAMAGED)).isZero();
    }
    assertThat(verify().good()).isTrue();
  }

  @Test
  void verify_callsNothingMissing_thatCannotBeRead() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, "content", Errno.EIO);
    posix.failOn(Call.READ, "same-size", Errno.EIO);
    posix.failOn(Call.LIST, "nested", Errno.EIO);
    fixture.with(posix);
    try (LogCapture log = new LogCapture("verify")) {
      Verifier.Result result = verify();

      assertThat(result.missing()).isZero();
      assertThat(result.damaged()).as("content, same-size, nested").isEqualTo(3);
      assertThat(log.lines())
          .filteredOn(line -> line.startsWith("ERROR"))
          .hasSize(3)
          .allMatch(line -> line.contains(": damaged: not readable: "))
          .allMatch(line -> line.contains("input/output error"));
    }
    fixture.with(Posix.ofSystem());
    assertThat(repair().good()).isTrue();
    assertThat(verify().good()).isTrue();
  }

  @Test
  @Tag("small-rule-14")
  void repair_bringsBackADamagedFile_underTheSameContent() throws Exception {
    Map<String, String> first = TreeText.of(source);
    rot(mirror("content"));

    Repaired repaired = repair();

    assertThat(repaired.good()).isTrue();
    assertThat(repaired.repaired()).isEqualTo(1);
    assertThat(mirror("content")).hasContent("one");
    assertThat(inIncrements("content"))
        .singleElement()
        .satisfies(is -> assertThat(is).hasContent("#ne"));
    assertThat(verify().good()).isTrue();
    isWhole(first);
  }

  @Test
  void run_deletesTheDamagedFile_withTheVersionThatEndedThen() throws Exception {
    rot(mirror("content"));
    repair();
    assertThat(inIncrements("content")).hasSize(1);

    fixture.with(new Retention(1, 1)).ahead(Duration.ofDays(10));
    fixture.run();

    assertThat(inIncrements("content")).isEmpty();
    assertThat(verify().good()).isTrue();
    assertThat(mirror("content")).hasContent("one");
  }

  @Test
  void repair_bringsBackAllNamesOfOneFile() throws Exception {
    Map<String, String> first = TreeText.of(source);
    rot(mirror("linked/a"));
    Files.delete(mirror("pair-two"));

    assertThat(repair().good()).isTrue();

    assertThat(mirror("nested/c")).hasContent("of three names");
    isWhole(first);
  }

  @Test
  void repair_bringsBackATreeThatIsGone_andLinks_andWhatBecameAnotherThing() throws Exception {
    Map<String, String> first = TreeText.of(source);
    TargetChecks.delete(mirror("nested"));
    TargetChecks.delete(mirror("empty"));
    Files.delete(mirror("link"));
    Files.delete(mirror("link-to-file"));
    Files.createSymbolicLink(mirror("link-to-file"), Path.of("elsewhere"));
    Files.delete(mirror("gone"));
    Files.createDirectory(mirror("gone"));

    Repaired repaired = repair();

    assertThat(repaired.left()).isZero();
    assertThat(repaired.good()).isTrue();
    isWhole(first);
  }

  @Test
  void repair_leavesWhatIsUnknown() throws Exception {
    Files.writeString(mirror("nested/unknown"), "by hand");
    rot(mirror("content"));

    Repaired repaired = repair();

    assertThat(repaired.found().unknown()).isEqualTo(1);
    assertThat(repaired.good()).isTrue();
    assertThat(mirror("nested/unknown")).hasContent("by hand");
  }

  @Test
  void repair_saysWhatIsLost_whenTheSourceHasOtherBytes() throws Exception {
    rot(mirror("content"));
    ChangingTree.write(source, "content", "changed since");
    rot(mirror("gone"));
    Files.delete(source.resolve("gone"));

    Repaired repaired = repair();

    assertThat(repaired.lost()).isEqualTo(2);
    assertThat(repaired.good()).isFalse();
    assertThat(mirror("content")).hasContent("changed since");
    assertThat(mirror("gone")).doesNotExist();
    assertThat(inIncrements("content"))
        .singleElement()
        .satisfies(is -> assertThat(is).hasContent("#ne"));
    assertThat(states(State.DAMAGED)).as("stay marked in history").isEqualTo(2);
    assertThat(verify().damaged()).isEqualTo(2);
  }

  @Test
  void repair_givesAnOlderVersionTheBytes_thatAnotherFileHas() throws Exception {
    Map<String, String> first = TreeText.of(source);
    FileTime time = Files.getLastModifiedTime(source.resolve("content"));
    ChangingTree.write(source, "content", "two");
    later();
    fixture.run();
    ChangingTree.write(source, "content", "one");
    Files.setLastModifiedTime(source.resolve("content"), time);
    later();
    fixture.run();
    later();
    rot(inIncrements("content").get(0));

    Repaired repaired = repair();

    assertThat(repaired.found().damaged()).isEqualTo(1);
    assertThat(repaired.good()).isTrue();
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(verify().good()).isTrue();
    fixture.with(new Retention(1, 1)).ahead(Duration.ofDays(10));
    fixture.run();
    assertThat(inIncrements("content")).as("expired").isEmpty();
    assertThat(verify().good()).isTrue();
  }

  @Test
  void repair_namesNoOtherFile_thatTheSameSnapshotShows() throws Exception {
    ChangingTree.write(source, "twin", "one");
    later();
    fixture.run();
    ChangingTree.write(source, "content", "two");
    later();
    fixture.run();
    later();
    rot(inIncrements("content").get(0));

    Repaired repaired = repair();

    assertThat(repaired.lost()).as("names of one content would be names of one file").isEqualTo(1);
  }

  @Test
  void run_mendsWhatAVerificationFound() throws Exception {
    Map<String, String> first = TreeText.of(source);
    rot(mirror("content"));
    rot(mirror("nested/deep/changes"));
    assertThat(verify().damaged()).isEqualTo(2);
    later();

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    isWhole(first);
  }

  @Test
  void verify_readsWhatWasReadLongestAgo_whenAskedForAShare() throws Exception {
    Catalogue.Upkeep none = new Catalogue.Upkeep(0, 0);
    assertThat(fixture.run().upkeep()).isEqualTo(none);
    long all = verify().contents();
    long read = 0;
    for (int i = 0; i < 5; i++) {
      later();
      read += verification().verify(20).contents();
    }
    assertThat(read).isBetween(all, all + 5);

    rot(mirror("content"));
    boolean found = false;
    for (int i = 0; i < 5; i++) {
      later();
      found |= verification().verify(20).damaged() > 0;
    }
    assertThat(found).as("all have been read").isTrue();
  }

  @Test
  void verify_finds_aDamagedCatalogue() throws Exception {
    sql("UPDATE entry SET name = x'2e2e' WHERE name = CAST('mode' AS BLOB)");

    Verifier.Result result = verify();

    assertThat(result.catalogue()).isEqualTo(1);
    assertThat(result.good()).isFalse();
    assertThat(repair().good()).isFalse();
  }

  @Test
  @Tag("small-rule-13")
  void verify_finds_whatIntegrityCheckFinds() throws Exception {
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    bytes[text.indexOf(source + "/nested/deep") + source.toString().length() + 1] ^= 1;
    Files.write(file, bytes); // in the table or in its index, whichever comes first

    assertThat(verify().catalogue()).isPositive();
  }

  private void sql(String statement) throws Exception {
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement update = connection.createStatement()) {
      update.executeUpdate(statement);
    }
  }

  private long states(State state) throws Exception {
    long count = 0;
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      for (long id = 1; id <= reader.catalogue().contents().lastId(); id++) {
        count +=
            reader.catalogue().contents().find(id).filter(c -> c.state() == state).stream().count();
      }
    }
    return count;
  }

  /** An error is never an absence: the source may have it still. */
  @Test
  void repair_callsNothingLost_thatItsSourceCouldNotBeReadOf() throws Exception {
    Map<String, String> first = TreeText.of(source);
    rot(mirror("content"));
    Files.delete(mirror("mode"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.OPEN_FILE, source.resolve("content").toString(), Errno.EACCES);
    posix.failOn(Call.OPEN_FILE, source.resolve("mode").toString(), Errno.EACCES);
    fixture.with(posix);
    try (LogCapture log = new LogCapture("verify")) {
      Repaired repaired = repair();

      assertThat(repaired.lost()).isZero();
      assertThat(repaired.left()).isEqualTo(2);
      assertThat(repaired.good()).isFalse();
      assertThat(log.lines())
          .filteredOn(line -> line.contains(": still damaged or missing: "))
          .hasSize(2)
          .anyMatch(line -> line.startsWith("ERROR verify: " + source.resolve("content") + ": "));
    }
    fixture.with(Posix.ofSystem());
    later();
    assertThat(repair().good()).isTrue();
    isWhole(first);
  }

  /** What nothing but a look at its name tells of. */
  @Test
  void verify_callsNoNameMissing_thatCannotBeLookedAt() throws Exception {
    ChangingTree.change(source);
    fixture.run();
    later();
    Path increment = requireNonNull(inIncrements("gone").get(0).getParent());
    List<String> names =
        List.of(
            mirror("nested/deep/changes").toString(),
            mirror("new-link").toString(),
            increment.resolve("directory-to-file/one").toString(),
            increment.resolve("link").toString());
    FaultyPosix posix = FaultyPosix.ofSystem();
    names.forEach(name -> posix.failOn(Call.STAT, name, Errno.EIO));
    String top = fixture.target.relativize(mirror("")).getName(0).toString();
    posix.failOn(Call.STAT, fixture.target.resolve(top).toString(), Errno.EIO);
    posix.failOn(Call.LIST, fixture.target.resolve(top).toString(), Errno.EIO);
    fixture.with(posix);
    try (LogCapture log = new LogCapture("verify")) {
      Verifier.Result found = verify();

      assertThat(found.missing()).as("%s", log.lines()).isZero();
      for (String name : names) {
        String shown =
            name.startsWith(increment.toString())
                ? name
                : name.substring(fixture.target.toString().length());
        assertThat(log.lines())
            .filteredOn(
                line -> line.startsWith("ERROR verify: " + shown + ": damaged: not readable: "))
            .as(name + log.lines())
            .isNotEmpty();
      }
      assertThat(log.lines())
          .contains("ERROR verify: /" + top + ": damaged: not readable: " + Errno.EIO.text());
    }
    fixture.with(Posix.ofSystem());
    assertThat(states(State.MISSING)).isZero();
    assertThat(repair().left()).isZero();
    TargetChecks.sound(fixture);
  }

  @Test
  void verify_findsWhatIsMissing_inIncrements() throws Exception {
    ChangingTree.change(source);
    fixture.run();
    later();
    Path increment = requireNonNull(inIncrements("gone").get(0).getParent());
    Files.delete(increment.resolve("link"));
    Path file = increment.resolve("nested/deep/changes");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.STAT, file.toString(), () -> Files.delete(file));
    fixture.with(posix);
    try (LogCapture log = new LogCapture("verify")) {
      assertThat(verify().missing()).isEqualTo(2);
      assertThat(log.lines())
          .contains(
              "ERROR verify: " + increment.resolve("link") + ": missing",
              "ERROR verify: " + file + ": missing");
    }
    fixture.with(Posix.ofSystem());
    Path top = fixture.target.resolve(fixture.target.relativize(increment).getName(0));
    TargetChecks.delete(top);
    try (LogCapture log = new LogCapture("verify")) {
      verify();
      assertThat(log.lines())
          .contains("ERROR verify: " + top + ": missing: " + Errno.ENOENT.text());
    }
  }

  /** Neither new names nor an increment that came meanwhile are unknown. */
  @Test
  void verify_judgesNoNames_whileARunIsAtWork() throws Exception {
    for (String name : List.of(fixture.target.getFileName().toString(), "nested")) {
      later();
      ChangingTree.write(source, "content", "changed before " + name);
      ChangingTree.write(source, "nested/new before " + name, "new");
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.before(
          Call.LIST,
          name,
          () -> {
            try {
              fixture.with(Posix.ofSystem()).run();
            } catch (BackupException e) {
              throw new IOException(e);
            }
          });
      fixture.with(posix);
      try (LogCapture log = new LogCapture("verify")) {
        Verifier.Result found = verify();

        assertThat(found.good()).as("%s", log.lines()).isTrue();
        assertThat(found.unknown()).as("%s", log.lines()).isZero();
        assertThat(log.lines()).anyMatch(line -> line.startsWith("WARN verify: A run is at work"));
      }
    }
    fixture.with(Posix.ofSystem());
    TargetChecks.sound(fixture);
  }

  /** It was at work before the verification began: that nobody takes the lock tells nothing. */
  @Test
  void verify_judgesNoNames_whereARunWasAtWorkBefore() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    ChangingTree.write(source, "nested/new", "new");
    Files.delete(source.resolve("same-size"));
    Engine reading = fixture.engine();
    Verifier.Result[] found = new Verifier.Result[1];
    fixture.with(
        new CommitHook() {
          private int commits;
          private @Nullable TargetReader reader;

          @Override
          public void before() {
            if (++commits == 2) {
              reader = opened(reading);
            }
          }

          @Override
          public void after() {
            if (commits == 2 && found[0] == null) {
              found[0] = verified(requireNonNull(reader));
            }
          }
        });

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(requireNonNull(found[0]).good()).as("%s", found[0]).isTrue();
    assertThat(found[0].unknown()).isZero();
    fixture.with(CommitHook.NONE);
    TargetChecks.sound(fixture);
  }

  private TargetReader opened(Engine engine) {
    try {
      return TargetReader.open(engine, EngineFixture.filePath(fixture.target));
    } catch (BackupException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Verifier.Result verified(TargetReader reader) {
    try (reader) {
      return new Verifier(reader, Clock.systemUTC(), LoggerFactory.getLogger("verify")).verify();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void verify_isNotMisled_byARunThatMovesWhatItReads() throws Exception {
    ChangingTree.write(source, "content", "two, longer");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_FILE,
        mirror("content").toString(),
        () -> {
          try {
            fixture.with(Posix.ofSystem()).run();
          } catch (BackupException e) {
            throw new IOException(e);
          }
        });
    fixture.with(posix);
    try (LogCapture log = new LogCapture("verify")) {
      assertThat(verify().good()).as("%s", log.lines()).isTrue();
    }
    fixture.with(Posix.ofSystem());
    later();
    TargetChecks.sound(fixture);
  }

  @Test
  void verify_ends_whereItLacksWhatReadingTakes() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.READ, "same-size", Errno.ENOMEM);
    fixture.with(posix);
    assertThatThrownBy(this::verify)
        .isInstanceOf(PosixException.class)
        .hasMessageContaining(Errno.ENOMEM.text());
    assertThat(posix.openObjects()).isEmpty();
  }

  /** Of two files with the bytes, the other one rots before it can help. */
  @Test
  void repair_namesNoOtherFile_thatIsBadItself() throws Exception {
    FileTime time = Files.getLastModifiedTime(source.resolve("content"));
    ChangingTree.write(source, "content", "two");
    later();
    fixture.run();
    ChangingTree.write(source, "content", "one");
    Files.setLastModifiedTime(source.resolve("content"), time);
    later();
    fixture.run();
    later();
    Path old = inIncrements("content").get(0);
    rot(old);
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.OPEN_FILE, old.toString(), 2, () -> rot(mirror("content")));
    fixture.with(posix);

    Repaired repaired = repair();

    assertThat(repaired.lost()).isEqualTo(1);
    assertThat(repaired.repaired()).isZero();
    fixture.with(Posix.ofSystem());
    assertThat(repair().repaired()).as("the source has the other").isPositive();
  }

  @Test
  void names_areThoseOfEveryVersion_orTheNumber_whereNoVersionIsLeft() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      long last = reader.catalogue().contents().lastId();
      assertThat(ContentVerifier.names(reader.catalogue(), last + 1))
          .isEqualTo("content " + (last + 1));
      assertThat(ContentVerifier.names(reader.catalogue(), last))
          .startsWith(fixture.source.toString());
    }
  }
}
