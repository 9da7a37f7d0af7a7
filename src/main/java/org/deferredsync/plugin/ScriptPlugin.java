package org.deferredsync.plugin;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.deferredsync.config.Settings;
import org.deferredsync.process.Command;

/**
 * An executable of the operator's as a plugin: a process with the settings in its environment, but
 * the secrets in a file that only its user can read and that is gone after it. It runs in a dry run
 * too, and is told so by DRY_RUN.
 */
public final class ScriptPlugin implements Plugin {
  /** The variable that names the file with the secrets: lines {@code KEY='value'} for a shell. */
  public static final String SECRETS = "DEFERRED_SYNC_SECRETS";

  private final String name;
  private final int number;
  private final Path script;

  /**
   * @param name what it is called
   * @param number its place in the order, 0 for a hook
   * @param script where it lies
   */
  public ScriptPlugin(String name, int number, Path script) {
    this.name = name;
    this.number = number;
    this.script = script;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public String description() {
    return "runs " + script;
  }

  @Override
  public Set<String> settings() {
    return Set.of();
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, IOException, InterruptedException {
    if (!Files.isRegularFile(script)) {
      throw new PluginException(
          ReturnCode.PREREQUISITE,
          script
              + " is not there or not a regular file; put it there or take it out of the settings.");
    }
    List<String> arguments = new ArrayList<>();
    if (!Files.isExecutable(script)) {
      arguments.add("/bin/sh");
    }
    arguments.add(script.toString());
    Path secrets = writeSecrets(context);
    try {
      Map<String, String> variables = new TreeMap<>(environment(context.settings()));
      variables.put("DRY_RUN", Boolean.toString(context.dryRun()));
      variables.put("SCRIPT_HOME", context.home().toString());
      variables.put(SECRETS, secrets.toString());
      return context.passOn(script, context.run(Command.of(arguments).with(variables)));
    } finally {
      Files.deleteIfExists(secrets);
    }
  }

  private static Map<String, String> environment(Settings settings) {
    Map<String, String> variables = new TreeMap<>();
    settings
        .values()
        .forEach(
            (key, value) -> {
              if (!Settings.isSecret(key)) {
                variables.put(key, value.text());
              }
            });
    return variables;
  }

  private static Path writeSecrets(PluginContext context) throws IOException {
    StringBuilder text = new StringBuilder();
    context
        .settings()
        .values()
        .forEach(
            (key, value) -> {
              if (Settings.isSecret(key)) {
                text.append(key).append("='").append(value.text().replace("'", "'\\''"));
                text.append("'\n");
              }
            });
    Path file =
        Files.createTempFile(
            context.scratch(),
            "secrets-",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
    return file;
  }
}
