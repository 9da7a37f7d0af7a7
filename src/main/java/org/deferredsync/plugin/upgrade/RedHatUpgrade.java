package org.deferredsync.plugin.upgrade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;

/**
 * An upgrade of the Red Hat family by dnf, or by yum where there is no dnf: the packages, then the
 * old kernels but for the newest OLDKERNELS_COUNT.
 */
final class RedHatUpgrade {
  static final String COUNT = "OLDKERNELS_COUNT";

  /** Where there is room for what a repository has to say, which may be some hundred megabytes. */
  private static final Path TEMPORARY = Path.of("/var/tmp");

  private final PluginContext context;
  private final Path etc;
  private final Steps steps;

  /**
   * @param etc the directory with the configuration of dnf and yum
   */
  RedHatUpgrade(PluginContext context, Path etc) {
    this.context = context;
    this.etc = etc;
    this.steps = new Steps(context);
  }

  ReturnCode run() throws SettingException, IOException, InterruptedException {
    int count = KnownSettings.oldKernelsCount(context.settings());
    Shown shown = new Shown(context);
    shown.show(etc.resolve("yum.conf"));
    if (!Files.isSymbolicLink(etc.resolve("yum.conf"))) {
      shown.show(etc.resolve("dnf/dnf.conf"));
    }
    for (Dnf manager : List.of(Dnf.of("dnf"), Dnf.of("yum"))) {
      context.log().info("{}:", manager.version());
      CommandResult there = context.run(manager.version());
      if (there.started()) {
        return context.dryRun() ? simulate(manager) : upgrade(manager, count);
      }
    }
    context
        .log()
        .warn("Neither apt-get nor dnf nor yum is here; take system_upgrade out of PLUGINS.");
    context.reasons().accept("no package manager that it knows is installed");
    return ReturnCode.PREREQUISITE;
  }

  private ReturnCode upgrade(Dnf manager, int count) throws InterruptedException {
    ReturnCode code = steps.run(List.of(manager.act("update"), manager.act("clean", "all")));
    return code == ReturnCode.SUCCESS ? removeOldKernels(manager, count) : code;
  }

  private ReturnCode simulate(Dnf manager) throws IOException, InterruptedException {
    Path cache = Files.createTempDirectory(TEMPORARY, "deferred-sync-");
    try {
      Command command = manager.simulate(cache, "update");
      List<String> refused = new ArrayList<>();
      CommandResult result =
          steps.attempt(
              command,
              line -> {
                if (Dnf.hasRefused(line)) {
                  refused.add(line);
                }
              });
      context.log().info("Dry run: clean all is not run, and no old kernel is removed.");
      // It says no to its own question, which gives it status 1.
      return refused.isEmpty() ? steps.judge(command, result) : ReturnCode.SUCCESS;
    } finally {
      FileUtils.deleteDirectory(cache.toFile());
    }
  }

  private ReturnCode removeOldKernels(Dnf manager, int count) throws InterruptedException {
    Command cleanup =
        Command.of("package-cleanup", "-y", "--oldkernels", "--count", String.valueOf(count))
            .leavingServices();
    CommandResult result = steps.attempt(cleanup, line -> {});
    if (!(result.ending() instanceof Ending.Absent)) {
      return steps.judge(cleanup, result);
    }
    if (!manager.listsOldKernels()) {
      context
          .log()
          .warn("package-cleanup is not installed, so old kernels stay; install yum-utils.");
      return ReturnCode.SUCCESS;
    }
    List<String> installed = new ArrayList<>();
    Command list = manager.oldKernels(count);
    CommandResult listed =
        context
            .commands()
            .run(
                list,
                installed::add,
                line -> context.log().warn("{}: {}", manager.program(), line));
    if (!listed.succeeded()) {
      return steps.judge(list, listed);
    }
    List<String> old = Dnf.removable(installed, System.getProperty("os.version", ""));
    if (old.isEmpty()) {
      context.log().info("There are no kernels beyond the newest {} to remove.", count);
      return ReturnCode.SUCCESS;
    }
    return steps.run(manager.remove(old));
  }
}
