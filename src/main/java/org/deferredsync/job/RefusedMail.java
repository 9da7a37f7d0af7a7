package org.deferredsync.job;

import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;

/** Settings of mail that are refused: fails in its turn, and says why; the plugins run. */
record RefusedMail(SettingException why) implements Plugin {
  @Override
  public String name() {
    return "mail";
  }

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
