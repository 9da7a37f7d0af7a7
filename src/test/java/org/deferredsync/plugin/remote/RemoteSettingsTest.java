package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandRunner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What push and pull refuse before any program is run, and so before any connection. */
@EnabledOnOs(OS.LINUX)
final class RemoteSettingsTest {
  private static final CommandRunner NOBODY =
      (command, output, errors) -> {
        throw new AssertionError("ran " + command);
      };

  @TempDir private Path scratch;
  private List<String> said = List.of();
  private final Map<String, String> settings = new TreeMap<>();

  @BeforeEach
  void set() throws Exception {
    KnownSettings.all().forEach(known -> settings.put(known.key(), known.standard()));
    settings.put("BACKUPTO", Files.createDirectory(scratch.resolve("target")).toString());
    settings.put("REMOTE_HOSTS", "host");
    settings.put("REMOTE_DIR", "/host");
    settings.put("GET_HOSTS", "host");
    settings.put("GET_REMOTE_DIRS", "/data");
    settings.put("GET_TARGET_DIR", Files.createDirectory(scratch.resolve("here")).toString());
  }

  private ReturnCode run(Plugin plugin) throws Exception {
    try (LogCapture log = new LogCapture(plugin.name())) {
      ReturnCode code =
          new PluginRunner(Duration.ofMinutes(1))
              .run(
                  plugin,
                  PluginContexts.context(
                      scratch, log.logger(), NOBODY, PluginContexts.settings(settings), false))
              .code();
      said = List.copyOf(log.lines());
      return code;
    }
  }

  private void assertRefuses(Plugin plugin, String key, String reason) throws Exception {
    assertThat(run(plugin)).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().startsWith("WARN").contains(key, reason);
  }

  @Test
  void push_needsATarget() throws Exception {
    assertRefuses(new BackupToRemote(), "BACKUPTO", "no target yet");
    assertThat(scratch.resolve("target")).isEmptyDirectory();
    settings.put("BACKUPTO", scratch + "/none");
    assertRefuses(new BackupToRemote(), "BACKUPTO", "does not exist");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REMOTE_HOSTS | remote_server_name_or_IP | is the example's",
        "REMOTE_HOSTS | -oProxyCommand=id | is refused",
        "REMOTE_HOSTS | $(id) | is refused",
        "REMOTE_HOSTS | a b a | names a host twice",
        "BACKUPUSER | root;id | is refused",
        "REMOTE_DIR | relative | is refused",
        "REMOTE_DIR | '/a b' | is refused",
        "REMOTE_DIR | '' | is empty",
        "PUSH_PARALLEL | 0 | is not a whole number",
        "PUSH_FULL_DAYS | never | is not a whole number"
      })
  void push_refuses(String key, String value, String reason) throws Exception {
    settings.put(key, value);
    assertRefuses(new BackupToRemote(), key, reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET_HOSTS | remote_server_name_or_IP | is the example's",
        "GET_HOSTS | '' | names no host",
        "GET_HOSTS | -oProxyCommand=touch${IFS}x | is refused",
        "GET_HOSTS | h;id | is refused",
        "REMOTE_USER | -l | is refused",
        "GET_REMOTE_DIRS | /a;id | is refused",
        "GET_REMOTE_DIRS | / | has no name of its own",
        "GET_REMOTE_DIRS | /a/data /b/data | would both be",
        "GET_TARGET_DIR | relative | is not an absolute path",
        "GET_TARGET_DIR | /nowhere/at/all | no such directory",
        "GET_PARALLEL | 0 | is not a whole number",
        "GET_HISTORY | perhaps | neither true nor false",
        "BWLIMIT | fast | is no rate",
        "SSH_TIMEOUT | 0 | is not from 1s",
        "SSH_CONFIG | /a b | would not read this"
      })
  void pull_refuses(String key, String value, String reason) throws Exception {
    settings.put(key, value);
    assertRefuses(new GetRemoteDir(), key.equals("SSH_CONFIG") ? value : key, reason);
  }
}
