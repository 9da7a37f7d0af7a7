package org.deferredsync.plugin.dump;

import java.util.Locale;

/** What is dumped, one for each plugin. */
enum Kind {
  MYSQL,
  POSTGRESQL,
  MONGODB,
  SQLITE,
  SVN;

  /** The plugin that makes them. */
  String plugin() {
    return "dump_" + word();
  }

  /** As the plugin's name has it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
