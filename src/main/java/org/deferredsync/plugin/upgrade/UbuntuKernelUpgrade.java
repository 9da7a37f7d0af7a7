package org.deferredsync.plugin.upgrade;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;

/**
 * The newest kernel of one flavour of Ubuntu, and no old ones beside the running one: see {@link
 * KernelPlan}. Nothing is removed unless apt-get says beforehand that this and nothing else would
 * go.
 */
public final class UbuntuKernelUpgrade implements Plugin {
  private static final String FLAVOUR = "UBUNTU_ARCHITECTURE";
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** What apt-get prints of a package that a simulation removes. */
  private static final Pattern REMOVED =
      Pattern.compile("(?:Purg|Remv) ([a-z0-9.+-]+)(?::\\S+)? .*");

  private final Path etc;
  private final String running;

  public UbuntuKernelUpgrade() {
    this(Path.of("/etc"), System.getProperty("os.version", ""));
  }

  /**
   * @param running what {@code uname -r} prints
   */
  UbuntuKernelUpgrade(Path etc, String running) {
    this.etc = etc;
    this.running = running;
  }

  @Override
  public String name() {
    return "ubuntu_kernel_upgrade";
  }

  @Override
  public int number() {
    return 25;
  }

  @Override
  public String description() {
    return "installs the newest Ubuntu kernel and purges old ones";
  }

  @Override
  public Set<String> settings() {
    return Set.of(FLAVOUR);
  }

  @Override
  public boolean startsServices() {
    return true;
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, InterruptedException {
    String flavour = KnownSettings.kernelFlavour(context.settings());
    require(
        !flavour.isEmpty(),
        FLAVOUR + " is empty; set it to the flavour of a kernel, such as generic");
    for (String file : List.of("debian_version", "lsb-release")) {
      Path path = etc.resolve(file);
      require(Files.exists(path), path + " does not exist: put it there, if this is Ubuntu");
    }
    Steps steps = new Steps(context);
    KernelPlan plan = KernelPlan.of(installed(context, steps), running, flavour);
    context
        .log()
        .info(
            "Kernels that stay: {}.",
            plan.kept().isEmpty() ? "none" : String.join(", ", plan.kept()));
    ReturnCode code = purge(context, steps, plan.purged());
    if (code != ReturnCode.SUCCESS) {
      return code;
    }
    List<String> wanted =
        List.of("linux-image-" + flavour, "linux-headers-" + flavour, "linux-" + flavour);
    if (context.dryRun()) {
      context.log().info("Dry run: apt-get update is not run; the lists are taken as they are.");
      return steps.run(AptGet.simulate("install", wanted));
    }
    return steps.run(List.of(AptGet.act("update"), AptGet.act("install", wanted)));
  }

  private static void require(boolean satisfied, String otherwise) throws PluginException {
    if (!satisfied) {
      throw new PluginException(
          ReturnCode.PREREQUISITE, otherwise + ", or take ubuntu_kernel_upgrade out of PLUGINS.");
    }
  }

  private static List<KernelPackage> installed(PluginContext context, Steps steps)
      throws PluginException, InterruptedException {
    List<KernelPackage> packages = new ArrayList<>();
    Command query =
        Command.of("dpkg-query", "-W", "-f", KernelPackage.FORMAT, "linux-*").within(LIMIT);
    List<String> errors = new ArrayList<>();
    CommandResult result =
        context
            .commands()
            .run(query, line -> KernelPackage.parse(line).ifPresent(packages::add), errors::add);
    boolean none = errors.stream().anyMatch(line -> line.contains("no packages found matching"));
    if (!result.succeeded() && !none) {
      errors.forEach(line -> context.log().warn("dpkg-query: {}", line));
      throw new PluginException(
          steps.judge(query, result), "The installed kernels are not known; nothing is changed.");
    }
    return packages;
  }

  private static ReturnCode purge(PluginContext context, Steps steps, List<String> old)
      throws InterruptedException {
    if (old.isEmpty()) {
      context.log().info("There are no packages of other kernels to purge.");
      return ReturnCode.SUCCESS;
    }
    context.log().info("Packages of other kernels: {}.", String.join(" ", old));
    Set<String> removed = new TreeSet<>();
    Command simulation = AptGet.simulate("purge", old);
    CommandResult result =
        steps.attempt(
            simulation,
            line -> {
              Matcher matcher = REMOVED.matcher(line);
              if (matcher.matches()) {
                removed.add(matcher.group(1));
              }
            });
    if (!result.succeeded()) {
      return steps.judge(simulation, result);
    }
    removed.removeAll(old);
    if (!removed.isEmpty()) {
      String why = "with the old kernels apt-get would remove " + String.join(" ", removed);
      context.log().warn("Nothing is removed: {}; look at what needs them.", why);
      context.reasons().accept(why);
      return ReturnCode.FAILURE;
    }
    return context.dryRun() ? ReturnCode.SUCCESS : steps.run(AptGet.act("purge", old));
  }
}
