package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class RawArgumentsTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void take_givesBytesOfEachOccurrence_inOrder() {
    RawArguments raw =
        new RawArguments(
            new String[] {"restore", "\ufffd", "--to=\ufffd", "\ufffd"},
            bytes("java\0-cp\0x\0Main\0restore\0\u00ff\0--to=\u00fe\0\u00fd\0"));

    assertThat(raw.take("restore")).isEqualTo(bytes("restore"));
    assertThat(raw.take("\ufffd")).isEqualTo(bytes("\u00ff"));
    assertThat(raw.take("\ufffd")).isEqualTo(bytes("\u00fd"));
    assertThat(raw.take("\ufffd")).isEqualTo(bytes("\u00fe"));
  }

  @Test
  void take_givesUtf8_whereNoCommandLineIs() {
    assertThat(new RawArguments(new String[] {"é"}, new byte[0]).take("é"))
        .isEqualTo("é".getBytes(StandardCharsets.UTF_8));
    assertThat(new RawArguments(new String[] {}).take("x")).isEqualTo(bytes("x"));
  }
}
