package org.deferredsync.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.deferredsync.config.HostName.Form;
import org.junit.jupiter.api.Test;

final class HostNameTest {
  @Test
  void text_cutsTheShortFormAtTheFirstDot() {
    HostName host = new HostName(() -> "web1.eu.example.org", name -> Optional.empty());
    assertThat(host.text(Form.PLAIN)).isEqualTo("web1.eu.example.org");
    assertThat(host.text(Form.SHORT)).isEqualTo("web1");
    assertThat(new HostName(() -> "web1", name -> Optional.empty()).text(Form.SHORT))
        .isEqualTo("web1");
  }

  @Test
  void text_givesTheFullForm_whereItCanBeResolved() {
    assertThat(new HostName(() -> "web1", name -> Optional.of(name + ".org")).text(Form.FULL))
        .isEqualTo("web1.org");
    assertThat(new HostName(() -> "web1", name -> Optional.empty()).text(Form.FULL))
        .isEqualTo("web1");
  }

  @Test
  void ofSystem_givesTheKernelsName() throws Exception {
    Process uname = new ProcessBuilder("uname", "-n").start();
    String expected = new String(uname.getInputStream().readAllBytes(), UTF_8);
    assertThat(HostName.ofSystem().text(Form.PLAIN)).isEqualTo(expected.strip());
  }
}
