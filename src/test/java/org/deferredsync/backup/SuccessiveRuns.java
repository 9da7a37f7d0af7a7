package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A source that is backed up again and again; what it was at each good run is remembered. */
abstract class SuccessiveRuns {
  @TempDir(factory = SharedMemory.class)
  Path scratch;

  EngineFixture fixture;
  Path source;
  final Map<Long, Map<String, String>> models = new TreeMap<>();
  long runs;

  @BeforeEach
  void begin() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  final BackupReport runAnyway() throws Exception {
    fixture.ahead(Duration.ofSeconds(20 + 20 * runs++));
    return fixture.run();
  }

  final void run() throws Exception {
    BackupReport report = runAnyway();
    assertThat(report.verdict()).as("%s", report).isEqualTo(Verdict.GOOD);
    models.put(runs, TreeText.of(source));
  }

  final Map<String, String> model(long run) {
    return Objects.requireNonNull(models.get(run));
  }

  /** Whatever happened meanwhile: the next run is as every other, and the past is as it was. */
  final void theNextRunIsSound() throws Exception {
    fixture.with(Posix.ofSystem()).with(Progress.NONE);
    run();
    TargetChecks.sound(fixture);
    for (Map.Entry<Long, Map<String, String>> model : models.entrySet()) {
      assertThat(TargetChecks.restored(fixture, model.getKey()))
          .as("snapshot %d", model.getKey())
          .isEqualTo(model.getValue());
    }
  }

  final void write(String name, String text) throws IOException {
    ChangingTree.write(source, name, text);
  }
}
