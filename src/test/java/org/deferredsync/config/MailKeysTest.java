package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MailKeysTest {
  private static Settings of(String key, String text) {
    return new Settings(Map.of(key, new Settings.Value(text, "f:7")));
  }

  @Test
  void addresses_areSeparatedByBlanksOrCommas() throws Exception {
    assertThat(MailKeys.addresses(of("ADMIN_MAIL_ADDRESS", " root, a.b+c@example.org\n_x@h ")))
        .containsExactly("root", "a.b+c@example.org", "_x@h");
    assertThat(MailKeys.addresses(of("ADMIN_MAIL_ADDRESS", " "))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-oQ/tmp", "--", "|/bin/sh", "/etc/passwd", "~!id", "!id", "a;b", "a`id`", "$(id)",
        "a@b\u0007", "a@-b", "a@", "@b", "<a@b>", "a:b", "\"a\"@b", "a@b\rBcc:c@d", "a\u0085@b"
      })
  void addresses_refuseWhatIsAnythingElse(String text) {
    assertThatThrownBy(() -> MailKeys.addresses(of("ADMIN_MAIL_ADDRESS", text)))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("f:7: ADMIN_MAIL_ADDRESS=\"")
        .hasMessageContaining("is no address");
  }

  @Test
  void subject_isOneLine() throws Exception {
    assertThat(MailKeys.subject(of("MAIL_SUBJECT", "[cron][hôst] 日本")))
        .isEqualTo("[cron][hôst] 日本");
    for (String text :
        new String[] {
          "a\nBcc: b@c", "a\r\nb", "a\rb", "a\tb", "a\0b", "a\u0085b", "a\u001b[2J", ""
        }) {
      assertThatThrownBy(() -> MailKeys.subject(of("MAIL_SUBJECT", text)))
          .isInstanceOf(SettingException.class);
    }
  }

  @Test
  void port_isTheUsualOne_unlessSet() throws Exception {
    assertThat(MailKeys.smtpPort(of("SMTP_TLS", "starttls"))).isEqualTo(587);
    assertThat(MailKeys.smtpPort(of("SMTP_TLS", "TLS"))).isEqualTo(465);
    assertThat(MailKeys.smtpPort(of("SMTP_TLS", "none"))).isEqualTo(25);
    assertThat(MailKeys.smtpPort(of("SMTP_PORT", "2525"))).isEqualTo(2525);
  }

  @Test
  void choices_areNamed_whenRefused() {
    assertThatThrownBy(() -> MailKeys.on(of("MAIL_ON", "sometimes")))
        .hasMessage("f:7: MAIL_ON=\"sometimes\" is neither always, trouble nor change");
    assertThatThrownBy(() -> MailKeys.tls(of("SMTP_TLS", "ssl")))
        .hasMessage("f:7: SMTP_TLS=\"ssl\" is neither starttls, tls nor none");
    assertThatThrownBy(() -> MailKeys.smtpHost(of("SMTP_HOST", "-a b")))
        .isInstanceOf(SettingException.class);
  }
}
