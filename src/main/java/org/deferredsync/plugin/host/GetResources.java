package org.deferredsync.plugin.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;

/** The host's system, memory, file systems, block devices and addresses. */
public final class GetResources implements Plugin {
  @Override
  public String name() {
    return "get_resources";
  }

  @Override
  public int number() {
    return 10;
  }

  @Override
  public String description() {
    return "logs the system, memory, file systems, block devices and network addresses";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context) throws IOException, InterruptedException {
    Inspection inspection = new Inspection(context);
    inspection.run("uname", "-a");
    inspection.runIfThere("lsb_release", "-a");
    inspection.show(Path.of("/etc/debian_version"));
    inspection.run("uptime");
    inspection.run("free", "-t");
    inspection.run("df", "-P", "-T");
    inspection.run("lsblk");
    inspection.run("lsblk", "-f");
    inspection.run("lvs", "-o", "lv_name,vg_name,lv_size,devices");
    inspection.run("ip", "addr", "show");
    return ReturnCode.SUCCESS;
  }
}
