package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command verify, as an operator meets it. */
final class VerifyIT {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Operator operator;
  private Path source;
  private Path mirrored;

  @BeforeEach
  void backUp() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectory(operator.scratch.resolve("source"));
    Files.writeString(source.resolve("file"), "content");
    Files.writeString(source.resolve("other"), "more");
    operator.configure("BACKUPDIRS=" + source);
    assertThat(operator.job("run").status()).isZero();
    mirrored = operator.target.resolve(source.toString().substring(1)).resolve("file");
  }

  @AfterEach
  void close() throws Exception {
    operator.close();
  }

  private void damage() throws Exception {
    FileTime time = Files.getLastModifiedTime(mirrored);
    Files.writeString(mirrored, "Content");
    Files.setLastModifiedTime(mirrored, time);
  }

  @Test
  void verify_namesTheDamagedFile_andTheCommandThatMendsIt() throws Exception {
    damage();

    Ran found = operator.run("verify");

    assertThat(found.status()).isEqualTo(1);
    assertThat(found.err())
        .contains(operator.target + "" + source + "/file: damaged: its bytes are not those");
    assertThat(found.out())
        .startsWith("2 files read, 11 bytes: 1 damaged, 0 missing, 0 unknown.")
        .contains("deferred-sync verify --repair");

    Ran repaired = operator.run("verify", "--repair");

    assertThat(repaired.status()).as(repaired.err()).isZero();
    assertThat(repaired.out()).endsWith("1 repaired, 0 lost, 0 names of the mirror still wrong.\n");
    assertThat(repaired.err()).contains(source + "/file: whole again");
    assertThat(mirrored).hasContent("content");
    assertThat(operator.run("verify").status()).isZero();
    assertThat(operator.job("run").status()).isZero();
  }

  @Test
  void repair_saysWhatIsLost() throws Exception {
    damage();
    Files.delete(source.resolve("file"));

    Ran ran = operator.run("verify", "--repair", "--json");

    assertThat(ran.status()).isEqualTo(1);
    assertThat(ran.out())
        .contains("\"damaged\":1")
        .contains("\"repaired\":0")
        .contains("\"lost\":1");
    assertThat(ran.err()).contains(source + "/file: lost: no source has these bytes any more");
  }

  @Test
  void verify_readsAShare_andRefusesWhatIsNone() {
    assertThat(operator.run("verify", "--percent", "1", "--json").out()).contains("\"files\":1,");
    for (String none : new String[] {"0", "101", "-1", "some"}) {
      assertThat(operator.run("verify", "--percent", none).status()).as(none).isEqualTo(64);
    }
  }

  @Test
  void settings_areChecked() throws Exception {
    for (String setting : new String[] {"VERIFY_PERCENT=101", "VERIFY_TIME=soon"}) {
      operator.configure("BACKUPDIRS=" + source, setting);
      Operator.Job job = operator.job("run");
      assertThat(job.status()).as(setting).isEqualTo(3);
      assertThat(job.complaints())
          .singleElement()
          .asString()
          .contains(setting.substring(0, setting.indexOf('=')));
    }
  }
}
