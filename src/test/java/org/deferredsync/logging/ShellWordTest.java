package org.deferredsync.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ShellWordTest {
  @Test
  void word_isWhatItWas_afterTheShellReadIt() throws Exception {
    for (String text :
        List.of("/etc/sync.conf", "", "/a b", "/it's", "/a;b", "/$(id)`id`\"\\", "~", "*", "#x")) {
      Process shell =
          new ProcessBuilder("/bin/sh", "-c", "printf %s " + ShellWord.of(text)).start();
      String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(read).as(ShellWord.of(text)).isEqualTo(text);
    }
    assertThat(ShellWord.of("/etc/sync.conf")).isEqualTo("/etc/sync.conf");
  }
}
