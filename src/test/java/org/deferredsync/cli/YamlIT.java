package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The job with a sync.yaml. */
@EnabledOnOs(OS.LINUX)
final class YamlIT {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private Operator operator;
  private Path source;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    source = Files.createDirectories(operator.scratch.resolve("our own"));
    Files.writeString(source.resolve("kept"), "1");
    Files.writeString(source.resolve("film.iso"), "2");
    Files.writeString(source.resolve("large"), "0123456789");
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private Path yaml(String name) throws Exception {
    return operator.trusted(
        operator.configuration().resolveSibling(name),
        """
        log: $SCRIPT_HOME/log/sync.log
        before:
        after:
        plugins: [incremental_backup]
        backup:
          target: %s
          exclude_file:
          sources:
            - path: %s
              exclude: ['*.iso']
              exclude_larger_than: 9
        """
            .formatted(operator.target, source));
  }

  @Test
  void run_readsIt_whereThereIsNoSyncConf() throws Exception {
    Path yaml = yaml("sync.yaml");
    Files.delete(operator.configuration());

    assertThat(operator.run("config", "check").out()).contains(yaml + ": good.");
    assertThat(operator.job("run").status()).isZero();

    Path mirror = operator.target.resolve(source.toString().substring(1));
    assertThat(mirror.resolve("kept")).hasContent("1");
    assertThat(mirror.resolve("film.iso")).doesNotExist();
    assertThat(mirror.resolve("large")).doesNotExist();
    assertThat(operator.run("plan").out())
        .contains(source + ": besides EXCLUDEFILE, leaves out files of more than 9 bytes");
    assertThat(operator.run("prune", "--dry-run").out()).contains(source.toString());
  }

  @Test
  void run_readsSyncConf_whereThereAreBoth_andSaysSo() throws Exception {
    Path yaml = yaml("sync.yaml");

    Ran check = operator.run("config", "check");

    assertThat(check.out())
        .contains("[WARN] " + yaml + " is not read, since " + operator.configuration())
        .contains(operator.configuration() + ": ");
  }

  @Test
  void run_readsWhatIsNamedSo_andTrustsItNoMoreThanAnother() throws Exception {
    Path yml = yaml("other.yml");
    assertThat(operator.run("config", "check", "-c", yml.toString()).status()).isZero();
    Files.setPosixFilePermissions(yml, PosixFilePermissions.fromString("rw-rw-rw-"));

    Ran run = operator.run("run", "-c", yml.toString());

    assertThat(run.status()).isEqualTo(3);
    assertThat(run.err()).contains(yml + " is not trusted: ").contains("chmod o-w");
  }

  @Test
  void run_isRefused_inOneLine_whereItIsMalformed() throws Exception {
    Path bad = operator.trusted(operator.configuration().resolveSibling("bad.yaml"), "log: [\n");

    Ran run = operator.run("run", "-c", bad.toString());

    assertThat(run.status()).isEqualTo(3);
    assertThat(run.err()).hasLineCount(1).contains(bad + ":2:1: ");
  }

  @Test
  void convert_printsWhatMeansTheSame_withItsSecrets() throws Exception {
    operator.configure("BACKUPDIRS=/etc", "MYSQL_PASS='s3 cret'");
    Ran convert = operator.run("config", "convert");
    Path made =
        operator.trusted(operator.configuration().resolveSibling("made.yaml"), convert.out());
    String sites = "  # .*";

    assertThat(convert.status()).as(convert.err()).isZero();
    assertThat(convert.out()).contains("password: 's3 cret'");
    assertThat(operator.run("config", "show", "-c", made.toString()).out().replaceAll(sites, ""))
        .isEqualTo(operator.run("config", "show").out().replaceAll(sites, ""));
    assertThat(operator.run("config", "convert", made.toString()).err()).contains("YAML already");
  }

  /** What is not needed costs no time. */
  @Test
  void theLibrary_isLoaded_onlyForAFileThatNeedsIt() throws Exception {
    assertThat(loaded(operator.configuration())).contains("ConfFile").doesNotContain("snakeyaml");
    assertThat(loaded(yaml("sync.yaml"))).contains("org.yaml.snakeyaml.composer.Composer");
  }

  private String loaded(Path configuration) throws Exception {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xlog:class+load:stdout",
                "-Ddeferredsync.home=" + operator.home,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "config",
                "check",
                "-c",
                configuration.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return out.lines()
        .filter(line -> line.contains("source:"))
        .map(line -> line.replaceAll(" source:.*", ""))
        .reduce("", (all, line) -> all + line + "\n");
  }
}
