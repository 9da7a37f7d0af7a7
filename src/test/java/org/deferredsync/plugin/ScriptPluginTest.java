package org.deferredsync.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class ScriptPluginTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("hello");

  @AfterEach
  void closeLog() {
    log.close();
  }

  private Path script(String mode, String text) throws IOException {
    Path script = Files.writeString(directory.resolve("50_hello"), text);
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString(mode));
  }

  private ReturnCode run(Path script, Map<String, String> settings, boolean dryRun)
      throws Exception {
    PluginContext context =
        PluginContexts.context(
            directory,
            log.logger(),
            new SystemCommandRunner(System.getenv()),
            PluginContexts.settings(settings),
            dryRun);
    return new ScriptPlugin("hello", 50, script).run(context);
  }

  @ParameterizedTest
  @CsvSource({"0,SUCCESS", "1,FAILURE", "2,NETWORK", "3,PREREQUISITE"})
  void run_passesKnownStatusOn(int status, ReturnCode code) throws Exception {
    assertThat(run(script("rwxr-xr-x", "#!/bin/sh\nexit " + status), Map.of(), false))
        .isEqualTo(code);
    assertThat(log.lines()).isEmpty();
  }

  @Test
  void run_makesOtherStatusFailure_andLogsIt() throws Exception {
    Path script = script("rwxr-xr-x", "#!/bin/sh\nexit 24");

    assertThat(run(script, Map.of(), false)).isEqualTo(ReturnCode.FAILURE);
    assertThat(log.lines()).containsExactly("WARN hello: " + script + " exited with status 24.");
  }

  @Test
  void run_hasAllTheTime_thatPluginTimeoutCanGive() throws Exception {
    List<Duration> times = new ArrayList<>();
    PluginContext context =
        PluginContexts.context(
            directory,
            log.logger(),
            (command, output, errors) -> {
              times.add(command.timeout());
              return new CommandResult(new Ending.Exited(0), List.of(), Duration.ZERO);
            },
            Map.of());
    new ScriptPlugin("hello", 50, script("rwxr-xr-x", "#!/bin/sh\n")).run(context);
    Duration longest =
        KnownSettings.pluginTimeout(PluginContexts.settings(Map.of("PLUGIN_TIMEOUT", "365d")));

    assertThat(times).singleElement().satisfies(time -> assertThat(time).isGreaterThan(longest));
  }

  @Test
  void run_givesSettingsInEnvironment_andSecretsInFile() throws Exception {
    Path script =
        script(
            "rwxr-xr-x",
            """
            #!/bin/sh
            echo "$BACKUPTO/$DRY_RUN/$SCRIPT_HOME"
            env | grep -c -e canary -e _PASS -e _TOKEN
            stat -c '%a %U' "$DEFERRED_SYNC_SECRETS"
            . "$DEFERRED_SYNC_SECRETS"
            echo "$MYSQL_PASS|$API_TOKEN"
            echo "$DEFERRED_SYNC_SECRETS" > "$SCRIPT_HOME/where"
            """);
    ReturnCode code =
        run(
            script,
            Map.of(
                "BACKUPTO", "/srv/backup",
                "DRY_RUN", "false",
                "MYSQL_PASS", "canary'; echo \"$HOME\" \\",
                "API_TOKEN", "canary two"),
            true);

    assertThat(code).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .containsExactly(
            "INFO hello: | /srv/backup/true/" + directory,
            "INFO hello: | 0",
            "INFO hello: | 600 " + System.getProperty("user.name"),
            "INFO hello: | canary'; echo \"$HOME\" \\|canary two");
    assertThat(Path.of(Files.readString(directory.resolve("where")).strip())).doesNotExist();
  }

  @Test
  void run_usesShell_whereNoXBitIs() throws Exception {
    Path script = script("rw-r--r--", "echo plain");

    assertThat(run(script, Map.of(), false)).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines()).containsExactly("INFO hello: | plain");
  }

  @Test
  void run_removesSecrets_whenInterrupted() throws Exception {
    Path script = script("rwxr-xr-x", "#!/bin/sh\nsleep 100\n");
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> run(script, Map.of("A_PASS", "x"), false))
        .isInstanceOf(InterruptedException.class);
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(script);
    }
  }

  @Test
  void run_isPrerequisite_whenScriptIsAbsent() {
    assertThatThrownBy(() -> run(directory.resolve("absent"), Map.of(), false))
        .isInstanceOfSatisfying(
            PluginException.class, e -> assertThat(e.code()).isEqualTo(ReturnCode.PREREQUISITE))
        .hasMessageContaining(directory + "/absent is not there");
  }

  @Test
  void run_cannotForgeRecords() throws Exception {
    run(script("rwxr-xr-x", "#!/bin/sh\nprintf 'a\\r[INFO] forged\\033[2J\\n'"), Map.of(), false);

    assertThat(log.lines())
        .isEqualTo(List.of("INFO hello: | a", "INFO hello: | [INFO] forged\\x1b[2J"));
  }
}
