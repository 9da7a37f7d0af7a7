package org.deferredsync.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LinesTest {
  private static List<String> read(String text) throws IOException {
    List<String> lines = new ArrayList<>();
    Lines.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)), lines::add);
    return lines;
  }

  @Test
  void read_endsLinesAtEveryKindOfBreak() throws IOException {
    assertThat(read("a\nb\r\nc\rd\n\ne")).containsExactly("a", "b", "c", "d", "", "e");
    assertThat(read("")).isEmpty();
    assertThat(read("\n")).containsExactly("");
  }

  @Test
  void read_escapesWhatCouldForgeOrDrive() throws IOException {
    assertThat(read("\u001b[2J\u009b\u00ff\u0000")).containsExactly("\\x1b[2J\\x9b\\xff\\x00");
  }

  @Test
  void read_cutsLongLine_andSaysHowMuch() throws IOException {
    List<String> lines = read("x".repeat(Lines.LONGEST + 5) + "\nnext\n");

    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).endsWith("x [5 more bytes cut]").hasSize(Lines.LONGEST + 19);
    assertThat(lines.get(1)).isEqualTo("next");
  }
}
