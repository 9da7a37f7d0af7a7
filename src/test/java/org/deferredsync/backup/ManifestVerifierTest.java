package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Manifests that are damaged or gone are told of while the catalogue is whole, and made again. */
@EnabledOnOs(OS.LINUX)
final class ManifestVerifierTest {
  private static final Logger LOG = LoggerFactory.getLogger("verify");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private int runs;

  @BeforeEach
  void threeRuns() throws Exception {
    fixture = new EngineFixture(scratch);
    for (String text : List.of("one", "two, longer", "three, and longer")) {
      ChangingTree.write(fixture.source, "dir/file", text);
      ChangingTree.write(fixture.source, text, text);
      good();
    }
    fixture.ahead(Duration.ofSeconds(20L * ++runs));
    assertThat(manifests()).hasSize(3);
  }

  private void good() throws Exception {
    fixture.ahead(Duration.ofSeconds(20L * ++runs));
    assertThat(fixture.run().verdict()).isEqualTo(BackupReport.Verdict.GOOD);
  }

  private Path directory() {
    return fixture.target.resolve(".deferred-sync/manifests");
  }

  private List<Path> manifests() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> !file.endsWith("runs.gz")).sorted().toList();
    }
  }

  private Verification verification() {
    return new Verification(fixture.engine(), EngineFixture.filePath(fixture.target), LOG);
  }

  /** The one line that a verification has, and what it counts. */
  private String found() throws Exception {
    try (LogCapture log = new LogCapture("verify")) {
      Verifier.Result result = verification().verify(Verifier.ALL);
      assertThat(result.damaged()).isEqualTo(1);
      assertThat(result.missing() + result.unknown()).isZero();
      assertThat(result.good()).isFalse();
      List<String> lines = log.lines().stream().filter(line -> line.startsWith("ERROR")).toList();
      assertThat(lines).hasSize(1);
      assertThat(lines.get(0)).endsWith("; the next run writes all manifests anew");
      return lines.get(0);
    }
  }

  /** In the checksum of the contents: elsewhere it may, seldom, mean the same contents. */
  private static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 6] ^= 0x10;
    Files.write(file, bytes);
  }

  /** After the next run there is one with all rows, from which the catalogue can be made. */
  private void nextRunMends() throws Exception {
    good();
    assertThat(manifests()).hasSize(1);
    try (LogCapture log = new LogCapture("verify")) {
      assertThat(verification().verify(Verifier.ALL).good()).as("%s", log.lines()).isTrue();
    }
    String before = CatalogueText.of(fixture);
    Files.delete(fixture.target.resolve(".deferred-sync/catalogue.db"));
    Rebuild.Report report =
        new Rebuild(
                fixture.engine(),
                EngineFixture.filePath(fixture.target),
                java.util.Set.of(EngineFixture.filePath(fixture.source)),
                LOG)
            .run(false);
    assertThat(report.exact()).isTrue();
    assertThat(CatalogueText.of(fixture)).isEqualTo(before);
  }

  @Test
  void verify_findsADamagedManifest_howeverOld() throws Exception {
    Path oldest = manifests().get(0);
    flip(oldest);

    assertThat(found()).contains(oldest + ": damaged: ");
    assertThat(found()).as("once more").contains(oldest + ": damaged: ");

    nextRunMends();
  }

  @Test
  void verify_findsThatOneIsMissing_inTheMiddleOrAtTheEnd() throws Exception {
    List<Path> all = manifests();
    Files.delete(all.get(1));
    assertThat(found()).contains(all.get(2) + ": manifests before it are missing");
    nextRunMends();
    ChangingTree.write(fixture.source, "more", "more");
    good();
    fixture.ahead(Duration.ofSeconds(20L * ++runs));
    Files.delete(manifests().get(1));

    assertThat(found()).contains(directory() + ": the newest ones are missing");
    assertThat(found()).contains(directory() + ": some are damaged or missing, as was found");

    nextRunMends();
  }

  @Test
  void verify_findsThatAllAreGone() throws Exception {
    TargetChecks.delete(directory());

    assertThat(found()).contains(directory() + ": missing: ");

    nextRunMends();
  }

  @Test
  void verify_findsDamage_inTheListOfRuns() throws Exception {
    flip(directory().resolve("runs.gz"));

    assertThat(found()).contains(directory().resolve("runs.gz") + ": damaged: ");

    nextRunMends();
  }

  @Test
  void repair_writesThemAnewAtOnce() throws Exception {
    flip(manifests().get(0));

    Verification.Repaired repaired =
        verification().repair(fixture.request(fixture.source), Verifier.ALL);

    assertThat(repaired.good()).isTrue();
    assertThat(Objects.requireNonNull(repaired.report()).verdict())
        .isEqualTo(BackupReport.Verdict.GOOD);
    nextRunMends();
  }

  @Test
  void daily_readsThem_onceAWeek() throws Exception {
    DailyVerification.Limits all = new DailyVerification.Limits(1, Duration.ofMinutes(30));
    fixture.ahead(Duration.ofDays(2));
    assertThat(daily(all)).isEqualTo(BackupReport.Verdict.GOOD);
    flip(manifests().get(0));

    fixture.ahead(Duration.ofDays(4));
    assertThat(daily(all)).as("not due").isEqualTo(BackupReport.Verdict.GOOD);
    fixture.ahead(Duration.ofDays(10));
    assertThat(daily(all)).isEqualTo(BackupReport.Verdict.FAILED);

    fixture.ahead(Duration.ofDays(11));
    assertThat(daily(all)).isEqualTo(BackupReport.Verdict.GOOD);
    assertThat(manifests()).hasSize(1);
  }

  private BackupReport.Verdict daily(DailyVerification.Limits limits) throws Exception {
    BackupReport report = fixture.run();
    return new DailyVerification(fixture.engine(), fixture.request(fixture.source), limits, LOG)
        .run(report);
  }

  @Test
  void verify_isNotMisled_byARunThatTakesThemAway() throws Exception {
    Path first = manifests().get(0);
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_FILE,
        first.getFileName().toString(),
        () -> {
          flip(manifests().get(2));
          try {
            fixture.with(Posix.ofSystem());
            verification().repair(fixture.request(fixture.source), Verifier.ALL);
          } catch (BackupException e) {
            throw new IOException(e);
          }
        });
    fixture.with(posix);

    assertThat(verification().verify(Verifier.ALL).good()).isTrue();

    assertThat(manifests()).hasSize(1);
  }

  private FaultyPosix fails(Call call, String name, Errno errno) {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(call, name, errno);
    fixture.with(posix);
    return posix;
  }

  @Test
  void verify_callsNothingMissing_thatCannotBeRead() throws Exception {
    fails(Call.OPEN_DIRECTORY, "manifests", Errno.EIO);
    assertThat(found()).contains(directory() + ": damaged: not readable: " + Errno.EIO.text());
    String first = manifests().get(0).getFileName().toString();
    fails(Call.READ, first, Errno.EIO);
    assertThat(found()).contains(first + ": damaged: ").contains(Errno.EIO.text());
    fixture.with(Posix.ofSystem());
    nextRunMends();
  }

  @Test
  void verify_findsThatTheListOfRunsIsGone() throws Exception {
    Files.delete(directory().resolve("runs.gz"));

    assertThat(found()).contains("runs.gz: damaged: ").contains(Errno.ENOENT.text());

    nextRunMends();
  }

  @Test
  void verify_saysNothingOfManifests_thatItLacksDescriptorsFor() throws Exception {
    for (String name : List.of("manifests", manifests().get(0).getFileName().toString())) {
      boolean isDirectory = name.equals("manifests");
      FaultyPosix posix =
          fails(isDirectory ? Call.OPEN_DIRECTORY : Call.OPEN_FILE, name, Errno.EMFILE);
      assertThatThrownBy(() -> verification().verify(Verifier.ALL))
          .isInstanceOf(PosixException.class)
          .hasMessageContaining(Errno.EMFILE.text());
      assertThat(posix.openObjects()).isEmpty();
    }
    fixture.with(Posix.ofSystem());
    assertThat(verification().verify(Verifier.ALL).good()).isTrue();
  }

  /** A run takes a manifest away once, not each time that somebody looks. */
  @Test
  void verify_tellsOfAManifest_thatIsListedAndNotThere() throws Exception {
    String first = manifests().get(0).getFileName().toString();
    fails(Call.OPEN_FILE, first, Errno.ENOENT);

    assertThat(found()).contains(first + ": damaged: ");
  }

  @Test
  void verify_looksAgain_whereARunHasWrittenThemAnewMeanwhile() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    flip(manifests().get(2));
    posix.before(
        Call.OPEN_FILE,
        "runs.gz",
        () -> {
          ChangingTree.write(fixture.source, "another", "batch");
          try {
            fixture.with(Posix.ofSystem());
            verification().repair(fixture.request(fixture.source), Verifier.ALL);
          } catch (BackupException e) {
            throw new IOException(e);
          }
        });
    fixture.with(posix);

    try (LogCapture log = new LogCapture("verify")) {
      assertThat(verification().verify(Verifier.ALL).good()).as("%s", log.lines()).isTrue();
    }
  }

  /** Of a batch that was not committed, or of a run that has not ended. */
  @Test
  void verify_missesNoManifest_whereverARunWasCutShort() throws Exception {
    cutShort(false);
    good();
    TargetChecks.sound(fixture);
    cutShort(true);
  }

  /**
   * @param anew whether each run is the first one of its target
   */
  private void cutShort(boolean anew) throws Exception {
    boolean died = true;
    for (int commit = 2; died; commit++) { // the first one makes a new target's catalogue
      if (anew) {
        TargetChecks.delete(fixture.target);
        Files.createDirectory(fixture.target);
      }
      ChangingTree.write(fixture.source, "dir/file", "at commit " + commit);
      died = fixture.diesBeforeCommit(commit);
      try (LogCapture log = new LogCapture("verify")) {
        Verifier.Result found = verification().verify(Verifier.ALL);
        assertThat(found.good()).as("commit %d: %s", commit, log.lines()).isTrue();
      }
    }
  }
}
