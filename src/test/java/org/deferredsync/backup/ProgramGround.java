package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.deferredsync.snapshot.Run;
import org.deferredsync.sweep.Program;
import org.deferredsync.sweep.Program.Ended;

/** A source and a target in a scratch directory, the program that backs up, and the oracle. */
final class ProgramGround implements AutoCloseable {
  final EngineFixture fixture;
  final Program program;
  final Oracle oracle;

  /**
   * Makes it.
   *
   * @param settings further lines of sync.conf
   */
  ProgramGround(Path scratch, String... settings) throws IOException {
    fixture = new EngineFixture(scratch);
    program = new Program(scratch, fixture.source, fixture.target, settings);
    oracle = new Oracle(fixture);
  }

  /** The first run, which ends well. */
  void runFirst() throws Exception {
    Ended ended = program.runFirst();
    assertThat(ended.complaints()).isEmpty();
    oracle.reported(last().id());
  }

  /** A run that has to end well whatever was before it; it tells what it mended. */
  Ended heal(Oracle judge) throws Exception {
    boolean died = last().ended() == null;
    Ended ended = program.run();
    judge.heals(ended);
    if (died) {
      assertThat(ended.records()).as("recovery").anyMatch(line -> line.contains("Recovered run "));
    }
    return ended;
  }

  /** The newest run in the catalogue. */
  Run last() throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      var runs = reader.catalogue().runs().list();
      return runs.get(runs.size() - 1);
    }
  }

  @Override
  public void close() throws IOException {
    program.forget();
  }
}
