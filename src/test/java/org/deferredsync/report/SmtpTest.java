package org.deferredsync.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;
import org.deferredsync.config.MailKeys.On;
import org.deferredsync.config.MailKeys.Tls;
import org.deferredsync.logging.Level;
import org.deferredsync.logging.LogRecord;
import org.deferredsync.logging.RunLog;
import org.deferredsync.report.ScriptedSmtp.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers that offer TLS, pretend to, are silent, or never come to an end. */
@Timeout(60)
final class SmtpTest {
  private static final Duration LONG = Duration.ofSeconds(50);

  @TempDir static Path keys;
  private static Certificate certificate;

  @BeforeAll
  static void makeCertificate() throws Exception {
    certificate = Certificate.of("localhost", keys);
  }

  private static Mail mail() throws Exception {
    RunLog log = new RunLog();
    log.write(new LogRecord(Level.INFO, Instant.EPOCH, "job", "x"), ZoneOffset.UTC, false);
    return Mail.of(
        new MailSettings(
            List.of("admin@example.org"),
            On.ALWAYS,
            "subject",
            Path.of("/usr/sbin/sendmail"),
            Optional.empty()),
        new RunReport("host", 0, "0 of 0 succeeded.", Duration.ZERO, List.of(), List.of()),
        News.between(Optional.empty(), List.of()),
        log,
        Clock.systemUTC());
  }

  private static void send(
      ScriptedSmtp server,
      String host,
      Tls tls,
      @Nullable SSLSocketFactory trust,
      Duration silence,
      Duration limit)
      throws Exception {
    new Smtp(
            new MailSettings.Server(host, server.port(), tls, "backup", "canary"),
            trust,
            silence,
            limit)
        .send(mail());
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"STARTTLS", "TLS"})
  void send_saysNothingWithoutTls_norToAServerOfAnotherNameOrUnknown(Kind kind) throws Exception {
    Tls tls = kind == Kind.TLS ? Tls.TLS : Tls.STARTTLS;
    try (ScriptedSmtp server = new ScriptedSmtp(kind, certificate)) {
      assertThatThrownBy(() -> send(server, "127.0.0.1", tls, certificate.trusting(), LONG, LONG))
          .as("a server of another name")
          .isInstanceOf(MailException.class);
      assertThatThrownBy(() -> send(server, "localhost", tls, null, LONG, LONG))
          .as("a server that this host does not trust")
          .isInstanceOf(MailException.class)
          .hasMessageNotContaining("canary");
      assertThat(server.heard()).noneMatch(ScriptedSmtp.Line::tellsAnything);

      send(server, "localhost", tls, certificate.trusting(), LONG, LONG);
      assertThat(server.heard())
          .anyMatch(line -> line.text().startsWith("AUTH"))
          .anyMatch(line -> line.text().equals("RCPT TO:<admin@example.org>"))
          .noneMatch(line -> line.tellsAnything() && !line.secret());
    }
  }

  @Test
  void send_saysNothing_toAServerThatOffersNoTls() throws Exception {
    try (ScriptedSmtp server = new ScriptedSmtp(Kind.PLAIN, certificate)) {
      assertThatThrownBy(
              () -> send(server, "localhost", Tls.STARTTLS, certificate.trusting(), LONG, LONG))
          .isInstanceOf(MailException.class)
          .hasMessageContaining("STARTTLS")
          .hasMessageEndingWith("; see SMTP_HOST, SMTP_TLS and SMTP_USER");
      assertThat(server.heard()).noneMatch(ScriptedSmtp.Line::tellsAnything);
    }
  }

  @ParameterizedTest
  @EnumSource(Tls.class)
  void send_givesUpAServerThatIsSilent(Tls tls) throws Exception {
    try (ScriptedSmtp server = new ScriptedSmtp(Kind.SILENT, certificate)) {
      assertThatThrownBy(() -> send(server, "localhost", tls, null, Duration.ofMillis(300), LONG))
          .isInstanceOf(MailException.class)
          .hasMessageStartingWith("localhost:" + server.port() + ": ");
    }
  }

  /** As those do that want to keep senders of spam busy. */
  @Test
  void send_givesUpAServerThatNeverComesToAnEnd() throws Exception {
    try (ScriptedSmtp server = new ScriptedSmtp(Kind.ENDLESS, certificate)) {
      assertThatThrownBy(
              () -> send(server, "localhost", Tls.NONE, null, LONG, Duration.ofSeconds(1)))
          .isInstanceOf(MailException.class)
          .hasMessage(
              "localhost:"
                  + server.port()
                  + " did not take it within 1s; look at that server, or set another SMTP_HOST");
    }
  }

  @Test
  void send_endsWithItsJob() throws Exception {
    try (ScriptedSmtp server = new ScriptedSmtp(Kind.SILENT, certificate)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> send(server, "localhost", Tls.NONE, null, LONG, LONG))
          .isInstanceOf(InterruptedException.class);
    }
  }
}
