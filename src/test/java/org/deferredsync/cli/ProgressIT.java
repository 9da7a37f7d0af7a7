package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Somebody who watches sees a bar; a pipe, cron and the log see none. */
@EnabledOnOs(OS.LINUX)
final class ProgressIT {
  /** Runs a command on a terminal of its own, whose output becomes standard output. */
  private static final String ON_TERMINAL =
      """
      import pty,sys
      sys.exit(pty.spawn(sys.argv[1:]) >> 8)
      """;

  @TempDir private Path scratch;
  private Operator operator;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    Path source = Files.createDirectories(operator.scratch.resolve("source"));
    for (int i = 0; i < 50; i++) {
      Files.writeString(source.resolve("file" + i), "text " + i);
    }
    operator.configure("BACKUPDIRS=" + source);
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private Ran onTerminal(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("python3", "-c", ON_TERMINAL));
    command.addAll(operator.command(arguments));
    return operator.process(Map.of("TERM", "xterm"), command);
  }

  @Test
  void run_showsBars_onATerminal() throws Exception {
    Ran ran = onTerminal("run");

    assertThat(ran.status()).as(ran.out() + ran.err()).isZero();
    assertThat(ran.out()).contains("Scanning").contains("Copying");
    assertThat(ran.out().replaceAll("[^\n]*\r(?!\n)", ""))
        .as("what stays on the screen: whole records, and no bar")
        .contains("[INFO] ")
        .doesNotContain("Scanning")
        .doesNotContain("Copying");
    assertThat(Files.readString(operator.log)).doesNotContain("Scanning").doesNotContain("\r");
    assertThat(onTerminal("verify").out()).contains("Verifying");
  }

  @Test
  void run_showsNone_inAPipeOrWhenQuiet() throws Exception {
    Ran piped = operator.process(Map.of("TERM", "xterm"), operator.command("run"));
    assertThat(piped.out() + piped.err()).isEmpty();

    assertThat(onTerminal("run", "-q").out()).doesNotContain("Scanning").doesNotContain("[INFO]");
  }
}
