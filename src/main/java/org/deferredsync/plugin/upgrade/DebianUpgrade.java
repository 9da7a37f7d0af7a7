package org.deferredsync.plugin.upgrade;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;

/** An upgrade of the Debian family: where packages come from, then apt-get step by step. */
final class DebianUpgrade {
  private final PluginContext context;
  private final Path etc;

  /**
   * @param etc the directory with the configuration of apt
   */
  DebianUpgrade(PluginContext context, Path etc) {
    this.context = context;
    this.etc = etc;
  }

  ReturnCode run() throws IOException, InterruptedException {
    Shown shown = new Shown(context);
    shown.show(etc.resolve("apt/sources.list"));
    for (Path file : parts(etc.resolve("apt/sources.list.d"))) {
      shown.show(file);
    }
    if (context.dryRun()) {
      context.log().info("Dry run: apt-get update is not run; the lists are taken as they are.");
    }
    return new Steps(context).run(steps(context.dryRun()));
  }

  static List<Command> steps(boolean dryRun) {
    return dryRun
        ? List.of(
            AptGet.simulate("upgrade"), AptGet.simulate("autoclean"), AptGet.simulate("autoremove"))
        : List.of(
            AptGet.act("update"),
            AptGet.act("upgrade"),
            AptGet.act("autoclean"),
            AptGet.act("autoremove"));
  }

  private static Set<Path> parts(Path directory) throws IOException {
    Set<Path> parts = new TreeSet<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.{list,sources}")) {
        found.forEach(parts::add);
      }
    }
    return parts;
  }
}
