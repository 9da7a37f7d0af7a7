package org.deferredsync.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.BodyPart;
import jakarta.mail.Message;
import jakarta.mail.Multipart;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.zip.GZIPInputStream;
import org.deferredsync.config.MailKeys.On;
import org.deferredsync.config.MailKeys.Tls;
import org.deferredsync.logging.Level;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.logging.LogRecord;
import org.deferredsync.logging.RunLog;
import org.deferredsync.process.SystemCommandRunner;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mail to GreenMail by SMTP, to a program, and by a real MTA to a mailbox. */
@Timeout(120)
final class MailerTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-23T03:01:04Z"), ZoneOffset.UTC);
  private static final String ADDRESS = "admin@example.org";

  @TempDir Path directory;

  private final LogCapture log = new LogCapture("mail");
  private final GreenMail server = new GreenMail(atAnyPort());

  @AfterEach
  void stop() {
    log.close();
    server.stop();
  }

  private static ServerSetup atAnyPort() {
    ServerSetup setup = new ServerSetup(0, "127.0.0.1", "smtp");
    setup.setServerStartupTimeout(60_000);
    return setup;
  }

  private static RunReport report(int status, String... troubles) {
    return new RunReport(
        "höst.example",
        status,
        status == 0 ? "1 of 1 succeeded." : "1 of 1 failed: incremental_backup with status 1.",
        Duration.ofSeconds(90),
        List.of(
            new RunReport.Part(
                "incremental_backup",
                status,
                Duration.ofSeconds(89),
                troubles.length,
                0,
                status == 0 ? "" : "/home: held: 84 of 200 entries are gone",
                List.of("/home: snapshot 3 complete: 1 added"))),
        List.of(troubles));
  }

  private static RunLog runLog(String sentence, int times) {
    RunLog log = new RunLog();
    for (int i = 0; i < times; i++) {
      log.write(
          new LogRecord(Level.INFO, CLOCK.instant(), "job", sentence + i), ZoneOffset.UTC, false);
    }
    return log;
  }

  private MailSettings settings(On on, MailSettings.@Nullable Server smtp) {
    return new MailSettings(
        List.of(ADDRESS),
        on,
        "[cron][höst] Deferred Sync Log",
        directory.resolve("sendmail"),
        Optional.ofNullable(smtp));
  }

  private MailSettings.Server smtp(Tls tls, String user, String password) {
    int port = server.getSmtp() != null ? server.getSmtp().getPort() : server.getSmtps().getPort();
    return new MailSettings.Server("127.0.0.1", port, tls, user, password);
  }

  private void mail(MailSettings settings, RunReport report, RunLog text) throws Exception {
    new Mailer(
            settings,
            CLOCK,
            new SystemCommandRunner(System.getenv()),
            directory.resolve("state/last"),
            log.logger())
        .report(report, text);
  }

  /** Headers, the summary, and the log as it was before it was attached. */
  private static List<String> read(Message message) throws Exception {
    Multipart parts = (Multipart) message.getContent();
    assertThat(parts.getCount()).isEqualTo(2);
    BodyPart attached = parts.getBodyPart(1);
    try (InputStream in = attached.getInputStream()) {
      byte[] bytes = in.readAllBytes();
      if (attached.getFileName().endsWith(".gz")) {
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          bytes = plain.readAllBytes();
        }
      }
      return List.of(
          message.getSubject(),
          ((String) parts.getBodyPart(0).getContent()).replace("\r\n", "\n"),
          attached.getFileName(),
          new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n"));
    }
  }

  @Test
  void mail_hasVerdictSummaryAndLog_bySmtp() throws Exception {
    server.setUser(ADDRESS, "backup@example.org", "sécret");
    server.start();

    mail(
        settings(On.ALWAYS, smtp(Tls.NONE, "backup@example.org", "sécret")),
        report(1, "[WARN] incremental_backup: /home: held"),
        runLog("日本 é ", 2));

    assertThat(log.lines()).containsExactly("INFO mail: Mailed to " + ADDRESS + ".");
    MimeMessage message = server.getReceivedMessages()[0];
    List<String> read = read(message);
    assertThat(read.get(0)).isEqualTo("FAILED with status 1: [cron][höst] Deferred Sync Log");
    assertThat(read.get(1))
        .isEqualTo(
            """
            1 of 1 failed: incremental_backup with status 1.
            Host höst.example, status 1, after 1m30s.

            No run before this one is known.

              1   incremental_backup (1m29s, 1 warning)
                    /home: held: 84 of 200 entries are gone
                    /home: snapshot 3 complete: 1 added

            Warnings and errors:
              [WARN] incremental_backup: /home: held

            The log of this run is attached.
            """);
    assertThat(read.get(2)).isEqualTo("sync.log");
    assertThat(read.get(3))
        .isEqualTo(
            """
            [INFO] 2026-11-23T03:01:04+00:00 job: 日本 é 0
            [INFO] 2026-11-23T03:01:04+00:00 job: 日本 é 1
            """);
    assertThat(message.getFrom()[0]).hasToString("backup@example.org");
    assertThat(message.getHeader("Auto-Submitted")).containsExactly("auto-generated");
    assertThat(message.getSentDate()).isEqualTo(CLOCK.instant());
  }

  @Test
  void log_isCompressed_whenItIsLong() throws Exception {
    server.start();
    mail(settings(On.ALWAYS, smtp(Tls.NONE, "", "")), report(0), runLog("a record ", 3000));

    List<String> read = read(server.getReceivedMessages()[0]);
    assertThat(read.get(0)).startsWith("OK: ");
    assertThat(read.get(2)).isEqualTo("sync.log.gz");
    assertThat(read.get(3)).hasLineCount(3000).endsWith("job: a record 2999\n");
  }

  @Test
  void mail_isRefused_withoutTheTlsAskedFor_andWithAWrongPassword() throws Exception {
    server.setUser(ADDRESS, "backup", "right");
    server.start();

    mail(settings(On.ALWAYS, smtp(Tls.STARTTLS, "backup", "right")), report(0), runLog("x", 1));
    mail(settings(On.ALWAYS, smtp(Tls.TLS, "backup", "right")), report(0), runLog("x", 1));
    mail(settings(On.ALWAYS, smtp(Tls.NONE, "backup", "wrong")), report(0), runLog("x", 1));

    assertThat(log.lines())
        .hasSize(3)
        .allMatch(line -> line.startsWith("ERROR mail: The mail to " + ADDRESS + " failed: 127.0"))
        .noneMatch(line -> line.contains("right") || line.contains("wrong"));
    assertThat(server.getReceivedMessages()).isEmpty();
  }

  /** A program that keeps what it is given, and ends with that status. */
  private void sendmail(int status) throws Exception {
    Path program =
        Files.writeString(
            directory.resolve("sendmail"),
            "#!/bin/sh\ncat >\"%1$s/stdin\"\nprintf '%%s\\n' \"$@\" >\"%1$s/arguments\"\n"
                    .formatted(directory)
                + "env >\""
                + directory
                + "/environment\"\necho no room >&2\nexit "
                + status
                + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void mail_isGivenToAProgram_onItsInputAlone() throws Exception {
    sendmail(0);
    mail(settings(On.ALWAYS, null), report(0), runLog("body ~! id\n.\n", 1));

    assertThat(Files.readAllLines(directory.resolve("arguments")))
        .containsExactly("-i", "--", ADDRESS);
    byte[] bytes = Files.readAllBytes(directory.resolve("stdin"));
    assertThat(new String(bytes, StandardCharsets.ISO_8859_1))
        .doesNotContain("\r")
        .doesNotContain("From:")
        .contains("To: " + ADDRESS + "\n");
    MimeMessage message =
        new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(bytes));
    assertThat(read(message).get(3))
        .isEqualTo("[INFO] 2026-11-23T03:01:04+00:00 job: body ~! id\\x0a.\\x0a0\n");
  }

  @Test
  void failure_isAnError_andNothingIsRemembered() throws Exception {
    sendmail(75);
    mail(settings(On.CHANGE, null), report(0), runLog("x", 1));
    Files.delete(directory.resolve("sendmail"));
    mail(settings(On.CHANGE, null), report(0), runLog("x", 1));

    assertThat(log.lines())
        .containsExactly(
            "ERROR mail: The mail to admin@example.org failed: "
                + directory
                + "/sendmail exited with status 75: no room.",
            "ERROR mail: The mail to admin@example.org failed: "
                + directory
                + "/sendmail does not exist; install a program that takes mail, or set SENDMAIL or"
                + " SMTP_HOST.");
    assertThat(directory.resolve("state/last")).doesNotExist();
  }

  private boolean isMailed(On on, RunReport report) throws Exception {
    Files.deleteIfExists(directory.resolve("stdin"));
    sendmail(0);
    mail(settings(on, null), report, runLog("x", 1));
    return Files.exists(directory.resolve("stdin"));
  }

  @Test
  void mail_isSent_onTroubleOrChange() throws Exception {
    assertThat(isMailed(On.TROUBLE, report(0, "[WARN] a: b"))).isFalse();
    assertThat(isMailed(On.TROUBLE, report(1))).isTrue();

    Files.delete(directory.resolve("state/last"));
    assertThat(isMailed(On.CHANGE, report(0))).as("the first").isTrue();
    assertThat(isMailed(On.CHANGE, report(0))).as("the same").isFalse();
    assertThat(isMailed(On.CHANGE, report(1, "[WARN] a: 7 files left"))).as("trouble").isTrue();
    assertThat(Files.readString(directory.resolve("stdin")))
        .contains("New since the last run:\n  incremental_backup: status 1\n  [WARN] a: 7 files");
    assertThat(isMailed(On.CHANGE, report(1, "[WARN] a: 9 files left"))).as("as before").isFalse();
    assertThat(isMailed(On.CHANGE, report(0))).as("mended").isTrue();
    assertThat(Files.readString(directory.resolve("stdin")))
        .contains("No longer so:\n  incremental_backup: status 1\n  [WARN] a: 9 files left");
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve("state/last"))))
        .isEqualTo("rw-------");
  }

  /** The MTA of Debian, with a configuration of the test's own and no service. */
  @Test
  void mail_arrives_byARealMta() throws Exception {
    Path exim = Path.of("/usr/sbin/exim4");
    assumeThat(exim).as("not where the host has another MTA").exists();
    assumeThat(System.getProperty("user.name")).as("delivery needs it").isEqualTo("root");
    Path boxes = Files.createDirectory(directory.resolve("mail"));
    Files.setPosixFilePermissions(boxes, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    Path configuration =
        Files.writeString(
            directory.resolve("exim.conf"),
            """
            spool_directory = DIR/spool
            log_file_path = DIR/exim-%%s.log
            primary_hostname = host.example
            exim_user = root
            exim_group = root
            never_users =
            keep_environment =
            begin routers
            all:
              driver = accept
              transport = file
            begin transports
            file:
              driver = appendfile
              file = DIR/mail/box
              user = mail
              group = mail
            begin retry
            """
                .replace("%%", "%")
                .replace("DIR", directory.toString()));
    Path program =
        Files.writeString(
            directory.resolve("sendmail"),
            "#!/bin/sh\nexec " + exim + " -C " + configuration + " -odi \"$@\"\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));

    mail(settings(On.ALWAYS, null), report(0), runLog("From é\n.\nFrom ", 3));

    assertThat(log.lines()).containsExactly("INFO mail: Mailed to " + ADDRESS + ".");
    String text = Files.readString(boxes.resolve("box"), StandardCharsets.ISO_8859_1);
    MimeMessage message =
        new MimeMessage(
            Session.getInstance(new Properties()),
            new ByteArrayInputStream(
                text.substring(text.indexOf('\n') + 1).getBytes(StandardCharsets.ISO_8859_1)));
    assertThat(read(message).get(0)).isEqualTo("OK: [cron][höst] Deferred Sync Log");
    assertThat(read(message).get(3)).hasLineCount(3).contains("job: From é\\x0a.\\x0aFrom 0");
    assertThat(message.getFrom()[0].toString()).contains("root@host.example");
  }

  @Test
  void server_doesNotShowItsPassword() {
    assertThat(new MailSettings.Server("h", 1, Tls.NONE, "u", "canary").toString())
        .doesNotContain("canary");
    assertThatThrownBy(
            () ->
                new Smtp(new MailSettings.Server("127.0.0.1", 1, Tls.NONE, "u", "canary"))
                    .send(
                        Mail.of(
                            settings(On.ALWAYS, null),
                            report(0),
                            News.between(Optional.empty(), List.of()),
                            runLog("x", 1),
                            CLOCK)))
        .isInstanceOf(MailException.class)
        .hasMessageNotContaining("canary");
  }
}
