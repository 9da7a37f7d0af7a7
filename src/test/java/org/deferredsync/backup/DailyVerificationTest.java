package org.deferredsync.backup;

import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.DailyVerification.Limits;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Once a day, after its own work, a run reads again a share of what is stored. */
@EnabledOnOs(OS.LINUX)
@Tag("rule-21")
final class DailyVerificationTest {
  private static final Limits ALL = new Limits(100, Duration.ofMinutes(30));

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void firstRun() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.make(source);
    fixture.run();
    after(Duration.ZERO);
  }

  private void after(Duration time) {
    fixture.ahead(Duration.ofDays(2).plus(time));
  }

  /** A run and its verification, as the plugin does it. */
  private Verdict day(Limits limits) throws Exception {
    BackupReport report = fixture.run();
    assertThat(report.verdict()).isEqualTo(Verdict.GOOD);
    return verification(limits).run(report);
  }

  private DailyVerification verification(Limits limits) {
    return new DailyVerification(
        fixture.engine(), fixture.request(source), limits, LoggerFactory.getLogger("daily"));
  }

  @Test
  void run_verifies_atMostOnceADay() throws Exception {
    VerificationTest.rot(fixture.mirror(source.resolve("content")));

    assertThat(day(ALL)).isEqualTo(Verdict.FAILED);

    VerificationTest.rot(fixture.mirror(source.resolve("mode")));
    after(Duration.ofHours(12));
    assertThat(day(ALL)).as("not due").isEqualTo(Verdict.GOOD);
    after(Duration.ofHours(25));
    assertThat(day(ALL)).isEqualTo(Verdict.FAILED);
  }

  @Test
  void run_readsNothing_thatIsYoungerThanADay() throws Exception {
    ChangingTree.write(source, "young", "new");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    VerificationTest.rot(fixture.mirror(source.resolve("young")));

    assertThat(day(ALL)).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_verifiesNothing_atZeroPercent() throws Exception {
    VerificationTest.rot(fixture.mirror(source.resolve("content")));

    assertThat(day(new Limits(0, Duration.ofMinutes(30)))).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_readsAllInTurn_dayByDay() throws Exception {
    List<Path> read = new ArrayList<>();
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      for (long id : new long[] {1, reader.catalogue().contents().lastId()}) {
        read.add(Path.of(reader.catalogue().entries().pathsOf(id).get(0).toString()));
      }
    }
    for (Path firstOrLast : read) {
      VerificationTest.rot(fixture.mirror(firstOrLast));
    }
    List<Verdict> verdicts = new ArrayList<>();
    for (int day = 1; day <= 6; day++) {
      after(Duration.ofDays(day));
      verdicts.add(day(new Limits(20, Duration.ofMinutes(30))));
    }
    assertThat(verdicts).as("%s", read).filteredOn(Verdict.FAILED::equals).hasSize(2);
    for (Path firstOrLast : read) {
      assertThat(fixture.mirror(firstOrLast)).hasSameBinaryContentAs(firstOrLast);
    }
  }

  @Test
  void run_readsNothing_whenItsTimeIsOver() throws Exception {
    VerificationTest.rot(fixture.mirror(source.resolve("content")));

    assertThat(day(new Limits(100, Duration.ofNanos(-1)))).isEqualTo(Verdict.GOOD);
  }

  @Test
  void verification_ends_whenARunWantsTheTarget() throws Exception {
    BackupReport report = fixture.run();
    String firstRead;
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      firstRead = reader.catalogue().entries().pathsOf(1).get(0).toString();
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    List<Verdict> during = new ArrayList<>();
    posix.before(
        Call.OPEN_FILE,
        Path.of(firstRead).getFileName().toString(),
        () -> {
          try {
            during.add(fixture.with(Posix.ofSystem()).run().verdict());
          } catch (BackupException e) {
            throw new IOException(e);
          }
        });
    fixture.with(posix);
    DailyVerification verification = verification(ALL);

    try (LogCapture log = new LogCapture("daily")) {
      assertThat(verification.run(report)).isEqualTo(Verdict.GOOD);

      assertThat(during).as("the run is not disturbed").containsExactly(Verdict.GOOD);
      assertThat(log.lines()).anyMatch(line -> line.contains(": 1 file verified"));
    }
  }

  @Test
  void run_keepsBothVersions_whenTheSourceRots() throws Exception {
    Path file = source.resolve("content");
    try (LogCapture log = new LogCapture("daily")) {
      after(Duration.ofMinutes(2));
      rotWithoutATrace(file);

      assertThat(day(ALL)).isEqualTo(Verdict.FAILED);

      assertThat(log.lines())
          .filteredOn(line -> line.startsWith("ERROR"))
          .singleElement()
          .asString()
          .contains(file.toString())
          .contains("its bytes changed and nothing else");
    }
    after(Duration.ofMinutes(3));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    assertThat(fixture.mirror(file)).hasContent("#ne");
    assertThat(TargetChecks.restored(fixture, 1).get("content"))
        .isNotEqualTo(TreeText.of(source).get("content"));
    TargetChecks.sound(fixture);
  }

  /** As if the disk had done it: the catalogue is told the new change time, which no disk sets. */
  private void rotWithoutATrace(Path file) throws Exception {
    VerificationTest.rot(file);
    long changed = ((FileTime) Files.getAttribute(file, "unix:ctime")).to(TimeUnit.NANOSECONDS);
    Path db = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + db);
        PreparedStatement update =
            connection.prepareStatement(
                "UPDATE entry SET ctime_ns = ? WHERE name = CAST('content' AS BLOB)")) {
      update.setLong(1, changed);
      update.executeUpdate();
    }
  }

  /** What is not as it was stored is a matter for the next run, and no rot. */
  @Test
  void verification_callsNothingRotten_thatChangedOrCannotBeRead() throws Exception {
    Path retired = Files.createDirectory(scratch.resolve("retired"));
    ChangingTree.write(retired, "file", "of a source that is gone");
    for (String name :
        List.of("changed", "gone", "in/gone", "growing", "unreadable", "other", "torn")) {
      ChangingTree.write(source, name, "first");
    }
    FaultyPosix tearing = FaultyPosix.ofSystem();
    for (int read = 1; read <= 8; read++) {
      tearing.before(
          Call.READ, "torn", read, () -> Files.writeString(source.resolve("torn"), "more", APPEND));
    }
    after(Duration.ofSeconds(10));
    fixture.with(tearing).run(source, retired);
    after(Duration.ofDays(2));
    BackupReport report = fixture.with(Posix.ofSystem()).run();
    Files.writeString(source.resolve("changed"), "second");
    Files.delete(source.resolve("gone"));
    TargetChecks.delete(source.resolve("in"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    Path growing = source.resolve("growing");
    posix.before(Call.READ, growing.toString(), () -> Files.writeString(growing, "more", APPEND));
    posix.failOn(Call.READ, source.resolve("unreadable").toString(), Errno.EIO);
    Path other = source.resolve("other");
    posix.before(
        Call.OPEN_FILE,
        other.toString(),
        () -> {
          Files.delete(other);
          Files.writeString(other, "other");
        });
    fixture.with(posix);

    try (LogCapture log = new LogCapture("daily")) {
      assertThat(verification(ALL).run(report)).as("%s", log.lines()).isEqualTo(Verdict.GOOD);
      assertThat(log.lines()).anyMatch(line -> line.contains(" 0 changed in a source without"));
    }
    assertThat(other).as("was read").hasContent("other");
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void verification_findsADamagedCatalogue_onceAWeek() throws Exception {
    assertThat(day(ALL)).isEqualTo(Verdict.GOOD);
    after(Duration.ofDays(8));
    BackupReport report = fixture.run();
    Path db = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + db);
        var update = connection.createStatement()) {
      update.executeUpdate("UPDATE entry SET name = x'2e2e' WHERE name = CAST('mode' AS BLOB)");
    }
    try (LogCapture log = new LogCapture("daily")) {
      assertThat(verification(ALL).run(report)).isEqualTo(Verdict.FAILED);
      assertThat(log.lines())
          .anyMatch(line -> line.endsWith("is damaged; run \"deferred-sync rebuild\"."));
    }
  }

  @Test
  void verification_isDue_whereTheClockWasAhead() throws Exception {
    assertThat(day(ALL)).isEqualTo(Verdict.GOOD);
    BackupReport report = fixture.run();
    assertThat(said(report)).as("not due").isEmpty();

    fixture.ahead(Duration.ofDays(1));

    assertThat(said(report)).anyMatch(line -> line.contains(" verified, "));
  }

  @Test
  void verification_readsAgain_whatWasReadByAClockThatWasAhead() throws Exception {
    fixture.ahead(Duration.ofDays(3650));
    assertThat(verification(ALL).run(fixture.run())).isEqualTo(Verdict.GOOD);
    after(Duration.ZERO);
    BackupReport report = fixture.run();
    VerificationTest.rot(fixture.mirror(source.resolve("content")));

    assertThat(verification(ALL).run(report)).isEqualTo(Verdict.FAILED);
  }

  private List<String> said(BackupReport report) throws Exception {
    try (LogCapture log = new LogCapture("daily")) {
      assertThat(verification(ALL).run(report)).isEqualTo(Verdict.GOOD);
      return log.lines();
    }
  }

  @Test
  void verification_endsEarly_whereItIsInterrupted_orOutOfTimeInAWeek() throws Exception {
    assertThat(day(ALL)).isEqualTo(Verdict.GOOD);
    after(Duration.ofDays(8));
    BackupReport report = fixture.run();
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.OPEN_FILE, "content", () -> Thread.currentThread().interrupt());
    fixture.with(posix);
    try (LogCapture log = new LogCapture("daily")) {
      assertThat(verification(ALL).run(report)).isEqualTo(Verdict.GOOD);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(log.lines()).anyMatch(line -> line.contains(" verified, "));
    }
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
    Files.write(
        fixture.target.resolve(".deferred-sync/manifests/000000000001-run-1.gz"), new byte[5]);
    assertThat(verification(new Limits(100, Duration.ofNanos(-1))).run(report))
        .as("no manifest is read")
        .isEqualTo(Verdict.GOOD);
  }
}
