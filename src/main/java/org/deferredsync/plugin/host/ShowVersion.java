package org.deferredsync.plugin.host;

import java.nio.file.Path;
import java.util.Set;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;

/** Versions of the languages and databases that lie under {@code /opt}. */
public final class ShowVersion implements Plugin {
  private final Path opt;

  public ShowVersion() {
    this(Path.of("/opt"));
  }

  ShowVersion(Path opt) {
    this.opt = opt;
  }

  @Override
  public String name() {
    return "show_version";
  }

  @Override
  public int number() {
    return 9;
  }

  @Override
  public String description() {
    return "logs the versions of ruby, python, java, go, mongo and protoc under /opt";
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context) throws InterruptedException {
    Inspection inspection = new Inspection(context);
    inspection.run(current("ruby"), "--version");
    inspection.run(current("python"), "--version");
    inspection.run(opt.resolve("java/jdk/current/bin/java").toString(), "-version");
    inspection.run(current("go"), "version");
    inspection.run(current("mongo"), "--version");
    inspection.run(current("protoc"), "--version");
    return ReturnCode.SUCCESS;
  }

  private String current(String program) {
    return opt.resolve(program).resolve("current/bin").resolve(program).toString();
  }
}
