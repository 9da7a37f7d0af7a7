package org.deferredsync.job;

import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;

/**
 * Settings that are refused and concern no plugin: fails in its turn, and says why; what else there
 * is runs.
 *
 * @param name who speaks of them
 */
record Refused(String name, SettingException why) implements Plugin {
  @Override
  public int number() {
    return 0;
  }

  @Override
  public String description() {
    return "is refused";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context) throws SettingException {
    throw why;
  }
}
