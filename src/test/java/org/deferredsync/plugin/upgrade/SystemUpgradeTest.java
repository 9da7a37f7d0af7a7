package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real apt-get and dpkg on a root directory and a repository of the test's own. */
@Timeout(120)
final class SystemUpgradeTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("system_upgrade");
  private AptGround ground;

  @BeforeEach
  void makeGround() throws Exception {
    ground = new AptGround(directory);
    ground.make(
        "greeting",
        "1",
        "",
        Map.of("etc/greeting", "one\n", "DEBIAN/conffiles", "/etc/greeting\n"));
    ground.make("helping", "1", "Depends: helper\n", Map.of()).make("helper", "1", "", Map.of());
    ground.publish();
    ground.succeed("apt-get", "-q", "update");
    ground.succeed("apt-get", "-q", "-y", "install", "greeting", "helping");
    Files.writeString(ground.etc().resolve("greeting"), "mine\n");
    ground.make(
        "greeting",
        "2",
        "",
        Map.of(
            "etc/greeting", "two\n",
            "DEBIAN/conffiles", "/etc/greeting\n",
            "DEBIAN/postinst", POSTINST));
    ground.make("helping", "2", "", Map.of());
    ground.publish();
  }

  /** Tells what it was run with, and starts a service that does not end with it. */
  private static final String POSTINST =
      """
      #!/bin/sh
      env >"$DPKG_ROOT/environment"
      setsid sleep 300 </dev/null >/dev/null 2>&1 &
      echo $! >"$DPKG_ROOT/service"
      """;

  @AfterEach
  void endService() throws IOException {
    log.close();
    Path service = ground.root().resolve("service");
    if (Files.exists(service)) {
      service(service).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private static java.util.Optional<ProcessHandle> service(Path file) throws IOException {
    return ProcessHandle.of(Long.parseLong(Files.readString(file).strip()));
  }

  private PluginOutcome run(boolean dryRun) throws Exception {
    return run(ground.commands(), dryRun);
  }

  private PluginOutcome run(CommandRunner commands, boolean dryRun) throws Exception {
    return new PluginRunner(Duration.ofSeconds(60))
        .run(
            new SystemUpgrade(ground.etc()),
            PluginContexts.context(
                directory,
                log.logger(),
                commands,
                PluginContexts.settings(Map.of("OLDKERNELS_COUNT", "2")),
                dryRun));
  }

  private Map<String, String> tree() throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.toList()) {
        tree.put(
            path.toString(),
            Files.isRegularFile(path)
                ? Files.getLastModifiedTime(path)
                    + Files.readString(path, StandardCharsets.ISO_8859_1)
                : "");
      }
    }
    return tree;
  }

  @Test
  void run_upgradesAndRemovesWhatNothingNeeds_andKeepsChangedConfiguration() throws Exception {
    PluginOutcome outcome = run(false);

    assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(ground.packages()).containsExactly("greeting 2 ii", "helping 2 ii");
    assertThat(ground.etc().resolve("greeting")).hasContent("mine");
    assertThat(log.lines())
        .containsSubsequence(
            "INFO system_upgrade: " + ground.etc() + "/apt/sources.list:",
            "INFO system_upgrade: | deb [trusted=yes] file:" + directory + "/repository ./")
        .anyMatch(line -> line.contains("2 upgraded, 0 newly installed"));
  }

  @Test
  void run_asksNothing_andLeavesServicesRunning() throws Exception {
    assertThat(run(false).code()).isEqualTo(ReturnCode.SUCCESS);

    assertThat(Files.readAllLines(ground.root().resolve("environment")))
        .contains(
            "DEBIAN_FRONTEND=noninteractive",
            "NEEDRESTART_MODE=l",
            "APT_LISTCHANGES_FRONTEND=none");
    assertThat(service(ground.root().resolve("service")))
        .hasValueSatisfying(service -> assertThat(service.isAlive()).isTrue());
    assertThat(log.lines()).noneMatch(line -> line.contains("left processes behind"));
  }

  @Test
  void run_simulates_inADryRun() throws Exception {
    ground.succeed("apt-get", "-q", "update");
    Map<String, String> before = tree();

    PluginOutcome outcome = run(true);

    assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .anyMatch(line -> line.contains("| Inst greeting [1] (2 "))
        .anyMatch(line -> line.contains("apt-get update is not run"));
    assertThat(tree()).isEqualTo(before);
  }

  @Test
  void run_stopsAtTheFirstStepThatFails() throws Exception {
    Files.writeString(
        ground.etc().resolve("apt/sources.list.d/gone.list"),
        "deb [trusted=yes] http://user:canary@127.0.0.1:9/gone ./\n");

    PluginOutcome outcome = run(false);

    assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(outcome.reason()).isEqualTo("apt-get update exited with status 100");
    assertThat(ground.packages()).contains("greeting 1 ii", "helper 1 ii");
    assertThat(log.lines())
        .contains("WARN system_upgrade: apt-get update exited with status 100.")
        .anyMatch(line -> line.startsWith("WARN system_upgrade: Not run, because the one before"))
        .anyMatch(line -> line.contains("| deb [trusted=yes] http://(not shown)@127.0.0.1:9/gone"))
        .noneMatch(line -> line.contains("canary"));
  }

  @Test
  void run_waits_whileAnotherOneHasTheLists() throws Exception {
    Path file = ground.root().resolve("var/lib/apt/lists/lock");
    try (FileChannel lists = FileChannel.open(file, StandardOpenOption.WRITE)) {
      FileLock lock = lists.lock();
      CommandRunner releasing =
          (command, output, errors) -> {
            var result = ground.commands().run(command, output, errors);
            if (!result.succeeded() && command.arguments().contains("update")) {
              try {
                lock.release();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            }
            return result;
          };
      assertThat(run(releasing, false).code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    }
    assertThat(log.lines())
        .contains(
            "INFO system_upgrade: Another package manager is at work; trying again in 2s, for 10m"
                + " altogether.");
    assertThat(ground.packages()).contains("greeting 2 ii");
  }

  private static final CommandRunner NOTHING =
      (command, output, errors) ->
          new CommandResult(new Ending.Absent(command.program()), List.of(), Duration.ZERO);

  @Test
  void run_isPrerequisite_whereDebianHasNoAptGet() throws Exception {
    assertThat(run(NOTHING, false).code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines())
        .anyMatch(line -> line.startsWith("WARN system_upgrade: apt-get is not installed"));
  }

  @Test
  void run_isPrerequisite_withoutAnyPackageManager() throws Exception {
    Files.delete(ground.etc().resolve("debian_version"));

    assertThat(run(NOTHING, false).code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines()).anyMatch(line -> line.contains("Neither apt-get nor dnf nor yum"));
  }
}
