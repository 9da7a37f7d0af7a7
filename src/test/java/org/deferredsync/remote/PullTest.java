package org.deferredsync.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.junit.jupiter.api.Test;

/** What a pull makes of an rsync during which files went away, as rsync 3.5 was seen to end. */
final class PullTest {
  private static final int MANY = 30;

  /** Ends the first time with the status for vanished files, and then well. */
  private static final class Rsyncs implements CommandRunner {
    private final List<List<String>> ran = new ArrayList<>();
    private final int files;
    private final int skipped;

    private Rsyncs(int files, int skipped) {
      this.files = files;
      this.skipped = skipped;
    }

    @Override
    public CommandResult run(Command command, Consumer<String> output, Consumer<String> errors) {
      ran.add(command.arguments());
      boolean first = ran.size() == 1;
      output.accept("Number of files: " + files + " (reg: 1, dir: 1)");
      output.accept("Number of deleted files: " + (first ? 0 : skipped));
      for (int i = 0; first && i < MANY; i++) {
        errors.accept("file has vanished: \"/data/f" + i + "\"");
      }
      if (first) {
        errors.accept("Deletions stopped due to --max-delete limit (" + skipped + " skipped)");
      }
      return new CommandResult(new Ending.Exited(first ? 24 : 0), List.of(), Duration.ZERO);
    }
  }

  private static Pull.Result pull(Rsyncs rsyncs) throws Exception {
    SshSettings ssh = new SshSettings(null, null, null, Duration.ofSeconds(20));
    Pull.Order order =
        new Pull.Order(
            RemoteHost.parse("host", ""), RemotePath.parse("/data"), Path.of("/into"), null);
    return new Pull(rsyncs, ssh, new Pull.Limits("", 30, 100), false).run(order, line -> {});
  }

  @Test
  void filesThatVanish_hideNoDeletionsThatAreDue() throws Exception {
    Rsyncs rsyncs = new Rsyncs(1000, 3);
    assertThat(pull(rsyncs).deleted()).isEqualTo(3);
    assertThat(rsyncs.ran).hasSize(2);
    assertThat(rsyncs.ran.get(1)).contains("--max-delete=3");
  }

  @Test
  void filesThatVanish_hideNoneThatAreTooMany() {
    Rsyncs rsyncs = new Rsyncs(50, 950);
    assertThatThrownBy(() -> pull(rsyncs))
        .isInstanceOf(RemoteException.class)
        .hasMessageContaining("950 of 1000 entries are gone there");
    assertThat(rsyncs.ran).hasSize(1);
  }
}
