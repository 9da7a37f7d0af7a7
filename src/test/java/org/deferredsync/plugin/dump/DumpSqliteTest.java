package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.config.Settings;
import org.deferredsync.config.Settings.Value;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A configuration of the shell version's says nothing of SQLite, and may ask for all plugins. */
final class DumpSqliteTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("dump_sqlite");

  @AfterEach
  void closeLog() {
    log.close();
  }

  private PluginOutcome run(String all, String origin) throws Exception {
    Map<String, Value> values = new TreeMap<>();
    values.put("LOAD_PLUGINS_ALL", new Value(all, "sync.conf:1"));
    values.put("SQLITE_DBS", new Value("", origin));
    return new PluginRunner(Duration.ofSeconds(30))
        .run(
            new DumpSqlite(),
            PluginContexts.context(
                directory,
                log.logger(),
                new SystemCommandRunner(Map.of()),
                new Settings(values),
                false));
  }

  @Test
  void run_hasNothingToDo_asOneOfAll_ifNobodySetIt() throws Exception {
    assertThat(run("true", "default").code()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .containsExactly("INFO dump_sqlite: SQLITE_DBS is not set, so there is nothing to dump.");
  }

  @Test
  void run_isPrerequisite_ifItIsNamed_orSetToNothing() throws Exception {
    assertThat(run("false", "default").code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(run("true", "sync.conf:2").code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines()).allMatch(l -> l.startsWith("WARN ") && l.contains("names nothing"));
  }
}
