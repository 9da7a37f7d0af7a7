package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The program's own files as part of a source, while it works with them. */
@EnabledOnOs(OS.LINUX)
final class OwnFilesIT {
  @TempDir private Path scratch;
  private Operator operator;

  @BeforeEach
  void make() throws IOException {
    operator = new Operator(scratch);
    operator.configure("BACKUPDIRS=" + operator.home, "VERIFY_PERCENT=0");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  @Test
  void run_storesConfigurationAndTheLogItWrites() throws Exception {
    String records = "";
    for (int run = 1; run <= 3; run++) {
      Job job = operator.job();
      assertThat(job.status()).as("run %d: %s", run, job.records()).isZero();
      assertThat(job.complaints()).isEmpty();
      Path to = operator.scratch.resolve("to" + run);
      assertThat(operator.run("restore", operator.home.toString(), "--to", to.toString()).status())
          .isZero();
      assertThat(to.resolve("home/config/sync.conf"))
          .hasSameBinaryContentAs(operator.configuration());
      String restored = Files.readString(to.resolve("home/log/sync.log"));
      assertThat(restored).startsWith(records).hasSizeGreaterThan(records.length());
      records = Files.readString(operator.log);
      assertThat(records).as("the log of then").startsWith(restored);
    }
  }

  /** The target of one configuration, closed catalogue and all, as the source of another. */
  @Test
  void run_storesTheTargetOfAnotherConfiguration() throws Exception {
    Path first = operator.target;
    assertThat(operator.job().status()).isZero();
    Path second = Files.createDirectory(operator.scratch.resolve("second"));
    operator.configure("BACKUPDIRS=" + first, "BACKUPTO=" + second, "VERIFY_PERCENT=0");
    assertThat(operator.job().status()).isZero();
    Path to = operator.scratch.resolve("to");
    assertThat(operator.run("restore", first.toString(), "--to", to.toString()).status()).isZero();

    operator.configure(
        "BACKUPDIRS=" + operator.home, "BACKUPTO=" + to.resolve("target"), "VERIFY_PERCENT=0");
    Ran verified = operator.run("verify");
    assertThat(verified.status()).as(verified.err()).isZero();
    assertThat(operator.run("snapshots", "--json").out()).contains("\"id\":1,");
  }
}
