package org.deferredsync.plugin;

import java.io.IOException;
import java.util.Set;
import org.deferredsync.config.SettingException;

/**
 * One task of the job, such as a backup or a report. It never ends the process, logs what it did,
 * changes nothing in a dry run, makes no directory that its operator should have made, and ends
 * when its thread is interrupted. Found by {@link java.util.ServiceLoader}: a public class with a
 * constructor without parameters, which does nothing yet.
 */
public interface Plugin {
  /** What operators call it, without its number: lower-case words joined by underscores. */
  String name();

  /** Its place in the order when all plugins run, 1 to 99. */
  int number();

  /** What it does, in one line. */
  String description();

  /** The keys of the settings that it reads. */
  Set<String> settings();

  /**
   * Whether it starts services of the system, which go on after it; what another one leaves running
   * is ended.
   */
  default boolean startsServices() {
    return false;
  }

  /**
   * Does its task. Where it loops over several things it goes on after a failing one and returns
   * the first nonzero code.
   *
   * @throws PluginException if it cannot go on
   * @throws SettingException if a setting of its own is absent or malformed: code 3
   * @throws IOException if the environment fails it: code 1
   * @throws InterruptedException if it was interrupted; its children have ended
   */
  ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException;
}
