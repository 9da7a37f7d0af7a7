package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class StepsTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("system_upgrade");
  private final List<String> ran = new ArrayList<>();

  @AfterEach
  void closeLog() {
    log.close();
  }

  private Steps steps(CommandRunner commands, Duration patience, Duration pause) {
    return new Steps(
        PluginContexts.context(directory, log.logger(), commands, Map.of()), patience, pause);
  }

  private CommandRunner saying(String line, int status) {
    return (command, output, errors) -> {
      ran.add(command.toString());
      errors.accept(line);
      return new CommandResult(new Ending.Exited(status), List.of(), Duration.ZERO);
    };
  }

  /** The log of a night must not be full of it. */
  @Test
  void lock_isWaitedFor_lessAndLessOften_andNotForEver() throws Exception {
    Steps steps =
        steps(
            saying("E: Could not get lock /var/lib/apt/lists/lock", 100),
            Duration.ofSeconds(1),
            Duration.ofMillis(1));

    assertThat(steps.run(Command.of("apt-get", "update"))).isEqualTo(ReturnCode.FAILURE);
    // 1 + 2 + … + 512 ms are more than that.
    assertThat(ran).hasSizeBetween(2, 11);
    assertThat(log.lines()).endsWith("WARN system_upgrade: apt-get update exited with status 100.");
  }

  @Test
  void failure_isTriedOnce_andNamesWhatIsThenNotRun() throws Exception {
    Steps steps = steps(saying("E: no room", 100), Duration.ofMinutes(10), Duration.ofMinutes(10));

    assertThat(steps.run(DebianUpgrade.steps(false))).isEqualTo(ReturnCode.FAILURE);
    assertThat(ran).hasSize(1);
    assertThat(log.lines())
        .endsWith(
            "WARN system_upgrade: apt-get update exited with status 100.",
            "WARN system_upgrade: Not run, because the one before failed: apt-get upgrade.",
            "WARN system_upgrade: Not run, because the one before failed: apt-get autoclean.",
            "WARN system_upgrade: Not run, because the one before failed: apt-get autoremove.");
  }
}
