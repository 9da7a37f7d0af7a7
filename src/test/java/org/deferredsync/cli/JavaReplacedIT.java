package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** An upgrade of the system takes away the runtime that the job runs with. */
@EnabledOnOs(OS.LINUX)
@Timeout(180)
final class JavaReplacedIT {
  @TempDir private Path scratch;

  @Test
  void job_goesOn_toItsMail() throws Exception {
    ServerSetup setup = new ServerSetup(0, "127.0.0.1", "smtp");
    setup.setServerStartupTimeout(60_000);
    GreenMail server = new GreenMail(setup);
    server.start();
    try (Operator operator = new Operator(scratch)) {
      Path runtime = operator.scratch.resolve("runtime");
      operator.sh(
          "cp -al -- \"$1\" \"$2\" 2>/dev/null || { rm -rf -- \"$2\"; cp -a -- \"$1\" \"$2\"; }",
          System.getProperty("java.home"),
          runtime);
      Path source = Files.createDirectories(operator.scratch.resolve("source"));
      Files.writeString(source.resolve("file"), "contents");
      operator.configure(
          "PLUGINS='upgrade incremental_backup get_resources'",
          "BACKUPDIRS=" + source,
          "ADMIN_MAIL_ADDRESS=root@localhost",
          "SMTP_HOST=127.0.0.1",
          "SMTP_TLS=none",
          "SMTP_PORT=" + server.getSmtp().getPort());
      operator.script("20_upgrade", "rm -rf -- \"" + runtime + "\"\n");
      List<String> command = new ArrayList<>(operator.command("run"));
      command.set(0, runtime.resolve("bin/java").toString());
      // As the launcher has it.
      command.add(1, "-Djdk.lang.Process.launchMechanism=FORK");

      Ran ran = operator.process(Map.of(), command);

      String log = Files.readString(operator.log);
      assertThat(ran.status()).as(log).isZero();
      assertThat(runtime).doesNotExist();
      assertThat(log)
          .contains(source + ": snapshot 1 complete: 2 added")
          .contains(" mail: Mailed to root@localhost.")
          .doesNotContain("[ERROR]");
      assertThat(server.getReceivedMessages()).hasSize(1);
    } finally {
      server.stop();
    }
  }
}
