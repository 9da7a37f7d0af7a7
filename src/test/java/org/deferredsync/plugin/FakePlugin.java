package org.deferredsync.plugin;

import java.io.IOException;
import java.util.Set;
import org.deferredsync.config.SettingException;

/** A plugin that does what a test says. */
public record FakePlugin(String name, int number, Task task) implements Plugin {
  /** What it does. */
  @FunctionalInterface
  public interface Task {
    ReturnCode run(PluginContext context)
        throws PluginException, SettingException, IOException, InterruptedException;
  }

  @Override
  public String description() {
    return "does what a test says";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    return task.run(context);
  }
}
