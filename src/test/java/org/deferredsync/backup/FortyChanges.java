package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.sweep.Program.Ended;

/** A target with one run of the program, and a source with forty changes since. */
final class FortyChanges {
  private FortyChanges() {}

  static ProgramGround make(Path scratch) throws Exception {
    ProgramGround ground = new ProgramGround(scratch);
    Path source = ground.fixture.source;
    ChangingTree.make(source);
    for (int i = 0; i < 12; i++) {
      ChangingTree.write(source, "bulk/" + i, "bulk " + i);
    }
    ground.runFirst();
    ChangingTree.change(source);
    for (int i = 0; i < 6; i++) {
      ChangingTree.write(source, "bulk/" + i, "bulk changed " + i);
    }
    ground.oracle.changed();
    return ground;
  }

  /** Such calls of a run that nothing disturbs, as {@code strace -f -y} writes them. */
  static List<String> trace(ProgramGround ground, String calls) throws Exception {
    Path trace = ground.fixture.home.resolve("trace");
    Ended ended =
        ground
            .program
            .start(
                List.of(
                    "strace", "-f", "-qq", "-y", "-e", "trace=" + calls, "-o", trace.toString()),
                "run")
            .end();
    assertThat(ended.status()).as("%s", ended.complaints()).isZero();
    return Files.readAllLines(trace);
  }
}
