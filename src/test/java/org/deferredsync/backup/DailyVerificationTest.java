package org.deferredsync.backup;

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
import org.deferredsync.fs.FaultyPosix;
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
    VerificationTest.rot(fixture.mirror(source.resolve("content")));
    List<Verdict> verdicts = new ArrayList<>();
    for (int day = 1; day <= 5; day++) {
      after(Duration.ofDays(day));
      verdicts.add(day(new Limits(20, Duration.ofMinutes(30))));
    }
    assertThat(verdicts).containsOnlyOnce(Verdict.FAILED);
    assertThat(fixture.mirror(source.resolve("content"))).as("the next run").hasContent("one");
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
        FaultyPosix.Call.OPEN_FILE,
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
      assertThat(log.lines()).anyMatch(line -> line.contains(": 1 files verified"));
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
}
