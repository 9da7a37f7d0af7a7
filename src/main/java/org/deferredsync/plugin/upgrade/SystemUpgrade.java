package org.deferredsync.plugin.upgrade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;

/**
 * The packages of the system, upgraded by its own package manager, and the virus signatures where
 * freshclam is installed.
 */
public final class SystemUpgrade implements Plugin {
  private final Path etc;

  public SystemUpgrade() {
    this(Path.of("/etc"));
  }

  SystemUpgrade(Path etc) {
    this.etc = etc;
  }

  @Override
  public String name() {
    return "system_upgrade";
  }

  @Override
  public int number() {
    return 20;
  }

  @Override
  public String description() {
    return "upgrades the packages of the system, and the virus signatures";
  }

  @Override
  public Set<String> settings() {
    return Set.of(RedHatUpgrade.COUNT);
  }

  @Override
  public boolean startsServices() {
    return true;
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws SettingException, IOException, InterruptedException {
    ReturnCode packages =
        Files.exists(etc.resolve("debian_version"))
            ? new DebianUpgrade(context, etc).run()
            : new RedHatUpgrade(context, etc).run();
    return packages.or(new Freshclam(context).run());
  }
}
