package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** {@code -Dhelp.write=true} writes the kept text anew. */
final class HelpTextTest {
  private static final Path KEPT = Path.of("src/main/resources/org/deferredsync/cli/help.txt");

  private static String said(Ansi colour) {
    PrintStream out = new PrintStream(java.io.OutputStream.nullOutputStream());
    CommandLineProgram program =
        new CommandLineProgram(
            new String[0], new RawArguments(new String[0], new byte[0]), out, out, Map.of());
    return program.commandLine(colour).getUsageMessage(colour);
  }

  @Test
  void kept_isWhatTheCommandsSay() throws IOException {
    if (Boolean.getBoolean("help.write")) {
      Files.writeString(KEPT, said(Ansi.ON).replace('\u001b', HelpText.ESCAPE));
    }
    assertThat(Files.readString(KEPT))
        .as("renew it by: mvn test -Dtest=HelpTextTest -Dhelp.write=true")
        .isEqualTo(said(Ansi.ON).replace('\u001b', HelpText.ESCAPE));
  }

  @Test
  void read_leavesTheColourOut_whereNoneIsWanted() throws IOException {
    assertThat(HelpText.read(true)).isEqualTo(said(Ansi.ON));
    assertThat(HelpText.read(false)).isEqualTo(said(Ansi.OFF));
  }
}
