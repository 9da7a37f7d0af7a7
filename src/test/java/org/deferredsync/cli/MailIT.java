package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.cli.Operator.Job;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator is mailed of a run, by a program that keeps what it is given. */
@Timeout(180)
final class MailIT {
  @TempDir private Path scratch;
  private Operator operator;
  private Path mailed;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    mailed = operator.scratch.resolve("mailed");
    sendmail(0);
  }

  @AfterEach
  void close() throws Exception {
    operator.close();
  }

  private void sendmail(int status) throws Exception {
    operator.trusted(
        operator.home.resolve("lib/sendmail"),
        "#!/bin/sh\ncat >\"" + mailed + "\"\nexit " + status + "\n");
  }

  private void configure(String... lines) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of(
                "ADMIN_MAIL_ADDRESS=root", "SENDMAIL=$SCRIPT_HOME/lib/sendmail", "PLUGINS=one"));
    all.addAll(List.of(lines));
    operator.configure(all.toArray(String[]::new));
    operator.script("50_one", "echo said\nexit 2\n");
  }

  @Test
  void run_mailsItsWholeLog_beforeTheLastRecord() throws Exception {
    configure("MAIL_SUBJECT=nightly");
    Job job = operator.job("run");

    assertThat(job.status()).isEqualTo(2);
    String mail = Files.readString(mailed);
    assertThat(mail)
        .contains("Subject: FAILED with status 2: nightly\n")
        .contains("1 of 1 failed: one with status 2.")
        .contains("job: Job started on ")
        .contains("one: | said")
        .contains("job: Job ended on ");
    List<String> records = job.records();
    assertThat(records.get(records.size() - 2)).endsWith(" mail: Mailed to root.");
    assertThat(records.get(records.size() - 1)).contains(" job: Job ended on ");
  }

  @Test
  void failedMail_isAnError_andChangesNoStatus() throws Exception {
    configure();
    sendmail(75);
    Job failed = operator.job("run");
    assertThat(failed.status()).isEqualTo(2);
    assertThat(failed.records())
        .anyMatch(line -> line.startsWith("[ERROR] ") && line.contains(" mail: The mail to root"));

    operator.script("50_one", "exit 0\n");
    Job good = operator.job("run");
    assertThat(good.status()).isZero();
    assertThat(good.records()).anyMatch(line -> line.startsWith("[ERROR] "));
  }

  @Test
  void settingsThatCouldForgeAMail_areRefused_andThePluginsRun() throws Exception {
    for (String line :
        List.of("ADMIN_MAIL_ADDRESS=-oQ/tmp", "MAIL_SUBJECT='a\nBcc: b@example.org'")) {
      configure(line);
      operator.script("50_one", "echo here\n");
      Job job = operator.job("run");

      assertThat(job.status()).as(line).isEqualTo(3);
      assertThat(job.ran("one")).isTrue();
      assertThat(job.records())
          .anyMatch(l -> l.startsWith("[WARN] ") && l.contains(line.substring(0, 12)));
      assertThat(operator.run("config", "check").out() + operator.run("config", "check").err())
          .contains(line.substring(0, 12));
    }
    assertThat(mailed).doesNotExist();
  }

  @Test
  void dryRun_mailsNothing() throws Exception {
    configure();
    assertThat(operator.job("run", "-n").records())
        .anyMatch(line -> line.endsWith(" mail: Dry run: nothing is mailed."));
    assertThat(mailed).doesNotExist();
  }

  /** Who has no use for mail does not wait for its classes. */
  @Test
  void mailClasses_areLoaded_forAMailAlone() throws Exception {
    Path loaded = operator.scratch.resolve("loaded");
    List<String> command = new ArrayList<>(operator.command("run"));
    command.add(1, "-Xlog:class+load:file=" + loaded);

    configure("ADMIN_MAIL_ADDRESS=");
    assertThat(operator.process(Map.of(), command).status()).isEqualTo(2);
    assertThat(Files.readString(loaded))
        .contains("org.deferredsync.job.Job ")
        .doesNotContain("jakarta.mail", "org.eclipse.angus", "org.deferredsync.report.Mail ");

    configure();
    assertThat(operator.process(Map.of(), command).status()).isEqualTo(2);
    assertThat(Files.readString(loaded)).contains("jakarta.mail.internet.MimeMessage ");
  }
}
