package org.deferredsync.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;

/**
 * The commands by name, in the order of the help. Reading the annotations of all takes longer than
 * most of them do, so one that is named is built alone.
 */
final class Commands {
  private static final Map<String, Class<?>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("run", RunCommand.class);
    ALL.put("plan", PlanCommand.class);
    ALL.put("status", StatusCommand.class);
    ALL.put("snapshots", SnapshotsCommand.class);
    ALL.put("ls", LsCommand.class);
    ALL.put("cat", CatCommand.class);
    ALL.put("find", FindCommand.class);
    ALL.put("history", HistoryCommand.class);
    ALL.put("diff", DiffCommand.class);
    ALL.put("restore", RestoreCommand.class);
    ALL.put("verify", VerifyCommand.class);
    ALL.put("drill", DrillCommand.class);
    ALL.put("prune", PruneCommand.class);
    ALL.put("rebuild", RebuildCommand.class);
    ALL.put("plugins", PluginsCommand.class);
    ALL.put("config", ConfigCommand.class);
  }

  private Commands() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  /** Makes the one command known to {@code root}. */
  static void add(CommandLine root, String name) {
    Class<?> command = ALL.get(name);
    if (command == null) {
      throw new IllegalArgumentException("no command is called " + name);
    }
    root.addSubcommand(name, command);
  }

  /** Makes all of them known to {@code root}. */
  static void addAll(CommandLine root) {
    ALL.forEach(root::addSubcommand);
  }
}
