package org.deferredsync.plugin;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.Progress;
import org.deferredsync.process.CommandRunner;
import org.slf4j.Logger;

/** Contexts as a job would give them. */
public final class PluginContexts {
  private PluginContexts() {}

  public static Settings settings(Map<String, String> texts) {
    Map<String, Settings.Value> values = new TreeMap<>();
    texts.forEach((key, text) -> values.put(key, new Settings.Value(text, "sync.conf:1")));
    return new Settings(values);
  }

  /** A context with {@code directory} as installation and scratch directory. */
  public static PluginContext context(
      Path directory, Logger log, CommandRunner commands, Map<String, String> settings) {
    return context(directory, log, commands, settings(settings), false);
  }

  public static PluginContext context(
      Path directory, Logger log, CommandRunner commands, Settings settings, boolean dryRun) {
    return new PluginContext(
        settings,
        "deferred-sync run",
        List.of(),
        dryRun,
        log,
        commands,
        Clock.system(ZoneOffset.UTC),
        Map.of("HOME", directory.toString(), "XDG_STATE_HOME", directory.toString()),
        TrustedPath.ofProcess(),
        directory,
        directory,
        Progress.NONE,
        List.of(),
        reason -> {});
  }
}
