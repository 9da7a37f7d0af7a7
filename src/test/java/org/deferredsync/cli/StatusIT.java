package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command status, as an operator meets it. */
final class StatusIT {
  private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d\\d:\\d\\d";
  private static final String AGED = TIME + ", \\d+ minutes? ago";

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Operator operator;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectory(operator.scratch.resolve("source"));
    Files.writeString(source.resolve("file"), "content");
    operator.configure("BACKUPDIRS=" + source);
  }

  @AfterEach
  void close() throws Exception {
    operator.close();
  }

  @Test
  void status_saysHowEachSourceStands_andWhatToDo() throws Exception {
    assertThat(operator.job("run").status()).isZero();
    Ran good = operator.run("status");
    assertThat(good.status()).as(good.err()).isZero();
    assertThat(good.out())
        .matches(
            source
                + ": complete\n    last complete: 1 of "
                + AGED
                + "; history: 0 bytes\n"
                + operator.target
                + ": mirror 7 bytes, history 0 bytes, free [0-9.]+ [KMGT]iB;"
                + " full: unknown, no growth over 3 complete runs and a day\n"
                + "    last daily verification: ("
                + AGED
                + "|never); all files read since "
                + AGED
                + "\n");

    Files.delete(source.resolve("file"));
    assertThat(operator.job("run").status()).isEqualTo(1);
    Path fresh = operator.scratch.resolve("fresh");
    operator.configure("BACKUPDIRS='" + source + " " + fresh + "'");
    Ran held = operator.run("status");
    assertThat(held.status()).isZero();
    assertThat(held.out())
        .contains(
            source
                + ": held: is empty and had 1 entry; restore it, or if that is meant: deferred-sync run --approve "
                + source
                + "\n    last complete: 1 of ")
        .contains(fresh + ": never backed up\n    last complete: never; history: 0 bytes\n");

    operator.configure("BACKUPDIRS=" + fresh);
    assertThat(operator.run("status").out())
        .contains(
            source
                + ": retired, not in BACKUPDIRS any more; last held; to remove it, the last copies"
                + " with it: deferred-sync prune --source "
                + source
                + "\n");
    assertThat(operator.run("status", "--json").out())
        .containsPattern(
            "\\{\"path\":\""
                + source
                + "\",\"retired\":true,\"state\":\"held\",\"reason\":\"is empty and .*\","
                + "\"holds\":\\[\\{\"kind\":\"empty\",\"count\":\\d,\"of\":2}],"
                + "\"lastRun\":\\{\"id\":2,\"time\":\""
                + TIME
                + "\",\"ageSeconds\":\\d+},\"lastComplete\":\\{\"id\":1,")
        .contains("\"path\":\"" + fresh + "\",\"retired\":false,\"state\":\"never\"")
        .contains("\"lastComplete\":null,\"historyBytes\":0}")
        .contains("\"mirrorBytes\":7,")
        .contains("\"daysUntilFull\":null,");
  }

  @Test
  void status_namesKnownDamage() throws Exception {
    assertThat(operator.job("run").status()).isZero();
    Files.delete(operator.target.resolve(source.toString().substring(1)).resolve("file"));
    assertThat(operator.run("verify").status()).isEqualTo(1);
    assertThat(operator.run("status").out())
        .endsWith(
            "    1 file is known to be damaged or missing; bring back what the sources still"
                + " have: deferred-sync verify --repair\n");
  }

  @Test
  void status_failsWhereItCannotAnswer() throws Exception {
    Ran none = operator.run("status");
    assertThat(none.status()).isEqualTo(3);
    assertThat(none.err()).contains("no target yet");
    operator.configure("BACKUPTO=/nonexistent", "BACKUPDIRS=" + source);
    assertThat(operator.run("status").status()).isEqualTo(3);
  }
}
