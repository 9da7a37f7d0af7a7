package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class PlanPruneIT {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Operator operator;
  private Path source;
  private Path other;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("source"));
    other = Files.createDirectories(operator.scratch.resolve("other"));
    Files.writeString(source.resolve("file"), "12345");
    Files.writeString(other.resolve("file"), "1");
    operator.configure("BACKUPDIRS='" + source + " " + other + "'", "KEEP_LAST=2");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  @Test
  void plan_saysWhatARunWouldDo() {
    Ran plan = operator.run("plan");

    assertThat(plan.status()).as(plan.err()).isZero();
    assertThat(plan.out())
        .contains(source + ": 2 added, 0 changed, 0 with new metadata, 0 removed; 5 bytes to copy")
        .contains("; 1 file in 1 directory, 5 bytes\n")
        .contains("Largest to be copied:")
        .contains("5 bytes  " + source + "/file")
        .contains("Room: ")
        .doesNotContain("Would expire");
    assertThat(operator.target).isEmptyDirectory();
    Ran json = operator.run("plan", "--json");
    assertThat(json.out())
        .contains("{\"path\":\"" + source + "/file\",\"bytes\":5}")
        .contains("\"room\":{\"neededBytes\":");
  }

  @Test
  void plan_andShow_tellWhatIsLeftOutForWhatItIs() throws Exception {
    operator.configure(
        "BACKUPDIRS=" + source,
        "ONE_FILE_SYSTEM=true",
        "EXCLUDE_CACHES=true",
        "EXCLUDE_IF_PRESENT='.nobackup .no'",
        "EXCLUDE_LARGER_THAN=4");
    String leftOut =
        "what is mounted in it, caches, what is beside .nobackup, what is beside .no, files of more"
            + " than 4 bytes";

    Ran plan = operator.run("plan");

    assertThat(plan.out())
        .contains(source + ": 1 added")
        .contains(source + ": besides EXCLUDEFILE, leaves out " + leftOut);
    assertThat(operator.run("plan", "--json").out()).contains("\"leavesOut\":\"" + leftOut);
    assertThat(operator.run("config", "show").out())
        .contains("ONE_FILE_SYSTEM=\"true\"", "EXCLUDE_LARGER_THAN=\"4\"");
  }

  @Test
  void plan_exitsAsTheRunWould() throws Exception {
    operator.configure("BACKUPDIRS=" + operator.scratch.resolve("nowhere"));
    Ran plan = operator.run("plan");
    assertThat(plan.status()).isEqualTo(3);
    assertThat(plan.out()).contains("nowhere: held: ");
    assertThat(operator.run("plan", "-c", "/nonexistent").status()).isEqualTo(3);
    operator.configure("BACKUPDIRS=" + source, "KEEP_DAILY=x");
    assertThat(operator.run("plan").err()).contains("KEEP_DAILY");
  }

  @Test
  void prune_saysOfEachPointInTimeWhyItStays() throws Exception {
    assertThat(operator.job("run").records())
        .anyMatch(line -> line.endsWith("; 1 file in 1 directory, 5 bytes."));
    operator.job("run");

    Ran prune = operator.run("prune");

    assertThat(prune.status()).as(prune.err()).isZero();
    assertThat(prune.out())
        .startsWith(other + "\n")
        .containsPattern(
            "     2  \\S+  complete  kept: less than a day old \\(EXPIREDAYS=15\\), last 1 of 2\n")
        .endsWith("Nothing to expire.\n");
    assertThat(operator.run("prune", "--dry-run").out()).endsWith("Nothing would expire.\n");
    assertThat(operator.run("prune", "--json").out())
        .contains("\"keep\":true,\"reason\":\"less than a day old (EXPIREDAYS=15), last 2 of 2\"");
  }

  @Test
  void prune_removesASource_thatIsNotConfiguredAnyMore() throws Exception {
    operator.job("run");
    Ran refused = operator.run("prune", "--source", other.toString());
    assertThat(refused.status()).isEqualTo(3);
    assertThat(refused.err()).contains(other + ": is in BACKUPDIRS");
    operator.configure("BACKUPDIRS=" + source);
    Path mirror = operator.target.resolve(other.toString().substring(1));

    Ran preview = operator.run("prune", "-n", "--source", other.toString());
    assertThat(preview.out())
        .isEqualTo(
            other
                + ": would be removed: 1 point in time, and the mirror's 1 file or directory"
                + " of it.\n");
    assertThat(mirror).exists();
    Ran removed = operator.run("prune", "--source", other.toString());
    assertThat(removed.status()).as(removed.err()).isZero();
    assertThat(mirror).doesNotExist();
    assertThat(operator.run("prune", "--source", other.toString()).status()).isEqualTo(1);
    assertThat(operator.run("verify").status()).isZero();
  }

  @Test
  void prune_needsATarget() {
    Ran prune = operator.run("prune");
    assertThat(prune.status()).isEqualTo(3);
    assertThat(prune.err()).contains("no target yet");
    assertThat(operator.target).isEmptyDirectory();
    assertThat(operator.run("prune", "--source", "not/absolute").status()).isEqualTo(64);
  }
}
