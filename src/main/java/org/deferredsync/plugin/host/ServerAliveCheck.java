package org.deferredsync.plugin.host;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;

/** The operator's own script that looks whether servers are alive; its status is passed on. */
public final class ServerAliveCheck implements Plugin {
  private static final String SCRIPT = "SERVER_ALIVE_CHECK";

  @Override
  public String name() {
    return "server_alive_check";
  }

  @Override
  public int number() {
    return 11;
  }

  @Override
  public String description() {
    return "runs the script that SERVER_ALIVE_CHECK names and passes its status on";
  }

  @Override
  public Set<String> settings() {
    return Set.of(SCRIPT);
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, InterruptedException {
    context.settings().required(SCRIPT);
    Path script = context.settings().path(SCRIPT).orElseThrow();
    require(Files.isRegularFile(script), script + " does not exist; correct " + SCRIPT + ".");
    require(Files.isExecutable(script), script + " is not executable; chmod +x it.");
    Optional<String> complaint = context.trust().complaint(script);
    require(complaint.isEmpty(), script + " is not trusted: " + complaint.orElse("") + ".");
    if (context.dryRun()) {
      context.log().info("Dry run: {} is not run.", script);
      return ReturnCode.SUCCESS;
    }
    return context.passOn(script, context.run(Command.of(script.toString())));
  }

  private static void require(boolean satisfied, String otherwise) throws PluginException {
    if (!satisfied) {
      throw new PluginException(ReturnCode.PREREQUISITE, otherwise);
    }
  }
}
