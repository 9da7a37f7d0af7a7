package org.deferredsync.job;

import org.deferredsync.logging.Logging;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.ScriptPlugin;
import org.slf4j.LoggerFactory;

/**
 * What a job needs of the runtime that it runs with, which an upgrade of the system may take away.
 * Classes stay, for the runtime keeps their file open; native libraries are looked for when they
 * are first used, and so are loaded before.
 */
final class JavaRuntime {
  /** Loads the library for options of sockets when it is initialized. */
  private static final String WITH_LIBRARY = "jdk.net.ExtendedSocketOptions";

  private JavaRuntime() {}

  /** Whether the plugin may upgrade the system: ours that do, and programs of the operator's. */
  static boolean mayBeReplacedBy(Plugin plugin) {
    return plugin.startsServices() || plugin instanceof ScriptPlugin;
  }

  /** Loads what is needed later. */
  static void load() {
    try {
      Class.forName(WITH_LIBRARY);
    } catch (ClassNotFoundException | LinkageError e) {
      // A runtime without it cannot miss it.
      LoggerFactory.getLogger(Logging.JOB)
          .debug("{} is not loaded: {}", WITH_LIBRARY, e.toString());
    }
  }
}
