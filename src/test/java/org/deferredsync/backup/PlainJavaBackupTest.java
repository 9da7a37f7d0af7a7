package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.PlainJava;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The whole engine over Java's own file API keeps what that can keep, and says the rest once. */
@EnabledOnOs(OS.LINUX)
final class PlainJavaBackupTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
    ChangingTree.make(source);
    // Before 1970 Java sets whole seconds alone, and times of links to the microsecond.
    ChangingTree.setTime(source.resolve("time"), "1969-05-06T07:08:09Z");
    wholeTimesOfLinks();
  }

  private void wholeTimesOfLinks() throws Exception {
    try (var all = Files.walk(source)) {
      for (Path link : all.filter(Files::isSymbolicLink).toList()) {
        Shell.run("touch", "-h", "-d", "2003-02-03T04:05:06Z", link.toString());
      }
    }
  }

  private void run() throws Exception {
    FaultyPosix posix = new FaultyPosix(PlainJava.posix());
    BackupReport report = fixture.with(posix).run();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    assertThat(posix.openObjects()).isEmpty();
    assertThat(TreeText.of(fixture.mirror(source))).isEqualTo(TreeText.of(source));
  }

  private Map<String, String> restored(long snapshot) throws Exception {
    Path to = scratch.resolve("restored-" + snapshot);
    fixture.with(PlainJava.posix());
    try (TargetReader reader =
        TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      Snapshot from =
          reader
              .snapshots()
              .at(PointInTime.parse(Long.toString(snapshot)), Instant.now(), ZoneOffset.UTC);
      Restorer.Result result =
          new Restorer(from, Clock.systemUTC(), LoggerFactory.getLogger("restore"))
              .restore(List.of(EngineFixture.filePath(source)), EngineFixture.filePath(to));
      assertThat(result.failed()).isZero();
    }
    return TreeText.of(to.resolve(source.getFileName()));
  }

  @Test
  void everySnapshot_comesBack_overPlainJava() throws Exception {
    List<Map<String, String>> models = new ArrayList<>();
    run();
    models.add(TreeText.of(source));
    ChangingTree.change(source);
    wholeTimesOfLinks();
    fixture.ahead(Duration.ofSeconds(20));
    run();
    models.add(TreeText.of(source));
    TargetChecks.delete(source.resolve("new-tree"));
    ChangingTree.write(source, "content", "three, and longer still");
    fixture.ahead(Duration.ofSeconds(40));
    run();
    models.add(TreeText.of(source));

    for (int i = 0; i < models.size(); i++) {
      assertThat(restored(i + 1)).as("snapshot %d", i + 1).isEqualTo(models.get(i));
    }
    TargetChecks.sound(fixture); // by the system's own calls
  }

  @Test
  void unchangedRun_findsNothingToDo_whicheverCallsMadeTheLast() throws Exception {
    run();
    fixture.ahead(Duration.ofSeconds(20));
    run();
    FaultyPosix posix = new FaultyPosix(PlainJava.posix());
    fixture.ahead(Duration.ofSeconds(40));
    BackupReport report = fixture.with(posix).run();

    assertThat(report.sources().get(0).result().counts().unchanged()).isTrue();
  }

  @Test
  void whatJavaCannotMake_isRecorded_andSaidOnce() throws Exception {
    Shell.run("mkfifo", source.resolve("pipe-1").toString(), source.resolve("pipe-2").toString());
    BackupReport report;
    List<String> said;
    try (LogCapture log = new LogCapture("incremental_backup")) {
      report = fixture.with(PlainJava.posix()).run();
      said = List.copyOf(log.lines());
    }

    assertThat(said).filteredOn(line -> line.contains("special files not kept")).hasSize(1);
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(source.resolve("pipe-1"))).doesNotExist();
    fixture.ahead(Duration.ofSeconds(20));
    BackupReport next = fixture.run();
    assertThat(next.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(next.sources().get(0).result().counts().unchanged()).isTrue();
  }
}
