package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a source that is held, and does about it. */
@EnabledOnOs(OS.LINUX)
final class GuardIT {
  @TempDir private Path scratch;
  private Operator operator;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("source"));
    for (int i = 0; i < 199; i++) {
      Files.writeString(source.resolve("f" + i), "text");
    }
    operator.configure("BACKUPDIRS=" + source);
    assertThat(operator.job("run").status()).isZero();
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private void lose(int from, int to) throws Exception {
    for (int i = from; i < to; i++) {
      Files.delete(source.resolve("f" + i));
    }
  }

  private String line(int lost, int share) {
    return source
        + (": " + lost + " of 200 entries are gone (" + share + " %, GUARD_PERCENT is 30). ")
        + "Its mirror and history stay as they are; restore it, or if that is meant: deferred-sync run --approve "
        + source;
  }

  @Test
  void run_holdsTheSource_andApproves() throws Exception {
    lose(0, 84);

    Ran plan = operator.run("plan");
    assertThat(plan.status()).isEqualTo(1);
    assertThat(plan.err()).contains(line(84, 42));
    assertThat(plan.out())
        .contains(source + ": held: 84 of 200 entries are gone (42 %")
        .contains("Most gone of what is held:\n          84  " + source + " (")
        .doesNotContain("Most to be removed");
    assertThat(operator.job("run", "--dry-run").complaints()).containsExactly(line(84, 42));
    Job held = operator.job("run");
    assertThat(held.status()).isEqualTo(1);
    assertThat(held.complaints()).containsExactly(line(84, 42));
    assertThat(operator.run("snapshots", "--json").out()).doesNotContain("\"id\":2");

    Job preview = operator.job("run", "--dry-run", "--approve", source.toString());
    assertThat(preview.status()).isZero();
    assertThat(operator.job("run").complaints()).as("nothing was released").hasSize(1);
    Job approved = operator.job("run", "--approve", source + "/");
    assertThat(approved.status()).as("%s", approved.records()).isZero();
    Path mirror = operator.target.resolve(source.toString().substring(1));
    assertThat(TreeText.of(mirror)).isEqualTo(TreeText.of(source)).hasSize(116);

    Job again = operator.job("run", "--approve", source.toString());
    assertThat(again.status()).isZero();
    assertThat(again.complaints())
        .containsExactly(
            source + ": --approve changes nothing, the last run recorded no reason to hold it.");
  }

  @Test
  void run_tellsWhoSeesTheVerdictAlone_whatIsHeld() throws Exception {
    lose(0, 84);

    Job held = operator.job("run");

    assertThat(held.ran().err())
        .isEqualTo(
            "deferred-sync: 1 of 1 failed: incremental_backup with status 1. incremental_backup: "
                + source
                + ": held: 84 of 200 entries are gone (42 %, GUARD_PERCENT is 30); restore it, or if"
                + " that is meant: deferred-sync run --approve "
                + source
                + "\n");
    String shortly = ": 1 of 1 failed: incremental_backup with status 1.";
    assertThat(held.records()).filteredOn(line -> line.endsWith(shortly)).hasSize(1);
  }

  @Test
  void theCommandThatReleases_namesAConfigurationOfItsOwn() throws Exception {
    Path file = operator.scratch.resolve("another one.conf");
    operator.trusted(file, Files.readString(operator.configuration()));
    lose(0, 84);
    String command = "deferred-sync run -c '" + file + "' --approve " + source;

    Job held = operator.job("run", file.toString());

    assertThat(held.complaints()).singleElement().asString().endsWith(": " + command);
    assertThat(held.ran().err()).endsWith(": " + command + "\n");
    assertThat(operator.run("status", "-c", file.toString()).out()).contains(command);
    assertThat(operator.run("plan", "-c", file.toString()).err()).endsWith(command + "\n");
    assertThat(operator.job("run").complaints())
        .singleElement()
        .asString()
        .endsWith(": deferred-sync run --approve " + source);
  }

  @Test
  void settings_sayWhenASourceIsHeld() throws Exception {
    lose(0, 22);
    operator.configure("BACKUPDIRS=" + source, "GUARD_PERCENT=10", "GUARD_MIN=200");
    assertThat(operator.job("run").complaints())
        .containsExactly(line(22, 11).replace("is 30", "is 10"));
    operator.configure("BACKUPDIRS=" + source, "GUARD_PERCENT=10", "GUARD_MIN=201");
    assertThat(operator.job("run").status()).isZero();
    for (String bad :
        List.of("GUARD_PERCENT=0", "GUARD_PERCENT=101", "GUARD_PERCENT=", "GUARD_MIN=0")) {
      operator.configure("BACKUPDIRS=" + source, bad);
      Job job = operator.job("run");
      assertThat(job.status()).as(bad).isEqualTo(3);
      assertThat(job.records()).as(bad).anyMatch(line -> line.contains("is not a whole number"));
    }
    operator.configure("BACKUPDIRS=" + source, "REQUIRED_MOUNTS='/ home'");
    Job relative = operator.job("run");
    assertThat(relative.status()).isEqualTo(3);
    assertThat(relative.records()).anyMatch(line -> line.contains("names home, which is not"));
    operator.configure("BACKUPDIRS=" + source, "REQUIRED_MOUNTS=" + operator.target);
    Job absent = operator.job("run");
    assertThat(absent.status()).isEqualTo(3);
    assertThat(absent.records())
        .anyMatch(line -> line.contains(operator.target + ", which REQUIRED_MOUNTS names"));
  }

  @Test
  void approve_takesSourcesOfTheConfigurationOnly() throws Exception {
    for (String path : List.of("/nowhere", "relative", "/a/../b")) {
      Ran ran = operator.run("run", "--approve", path);
      assertThat(ran.status()).as(path).isEqualTo(64);
      assertThat(ran.err())
          .contains("--approve: " + path + " is not in BACKUPDIRS, which names " + source);
    }
    operator.script("80_other", "echo here\n");
    Job other = operator.job("run", "--only", "other", "--approve", source.toString());
    assertThat(other.records())
        .anyMatch(line -> line.contains("--approve changes nothing: no plugin of this run"));
  }

  @Test
  void prune_saysWhyItLeavesASourceAlone_whoseContentsAllChanged() throws Exception {
    for (int i = 0; i < 9; i++) {
      assertThat(operator.job("run").status()).isZero();
    }
    for (int i = 0; i < 199; i++) {
      Files.writeString(source.resolve("f" + i), "ENCRYPTED");
    }

    Job job = operator.job("run");

    assertThat(job.status()).isEqualTo(1);
    assertThat(job.complaints())
        .singleElement()
        .asString()
        .startsWith(
            source + ": complete: 199 of 199 files got other contents (100 %, GUARD_PERCENT is 30)")
        .contains("deferred-sync run --approve " + source);
    assertThat(operator.run("prune").out())
        .contains(
            "kept: 199 of 199 files got other contents at once; if that is meant: deferred-sync");
    Path file = operator.scratch.resolve("other.conf");
    operator.trusted(file, Files.readString(operator.configuration()));
    assertThat(operator.run("prune", "-c", file.toString()).out())
        .contains("at once; if that is meant: deferred-sync run -c " + file + " --approve ");
    assertThat(operator.run("snapshots", "--json").out())
        .contains("\"holds\":[{\"kind\":\"content_changed\",\"count\":199,\"of\":199}]");
    assertThat(operator.run("plan").status()).isEqualTo(1);
    assertThat(operator.job("run", "--approve", source.toString()).status()).isZero();
    assertThat(operator.job("run").status()).isZero();
  }
}
