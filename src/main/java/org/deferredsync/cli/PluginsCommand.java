package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.InstalledPlugin;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.Plugins;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What plugins there are, and which of them the settings select. */
@Command(
    name = "plugins",
    sortOptions = false,
    description =
        "Lists the plugins: number, name, whether the settings select it, its purpose, the settings"
            + " that it reads, and where it comes from.")
final class PluginsCommand implements Callable<Integer> {
  @ParentCommand private @Nullable DeferredSync parent;

  @Option(names = "--json", description = "print a JSON array")
  private boolean json;

  @Override
  public Integer call()
      throws SettingException, PluginException, IOException, InterruptedException {
    DeferredSync context = requireNonNull(parent);
    Configuration configuration = context.configuration();
    Plugins plugins = Plugins.trusted(context.home(), context.trust());
    Set<Plugin> selected = new HashSet<>(plugins.select(configuration.settings()));
    List<InstalledPlugin> all = plugins.all();
    if (json) {
      try (JsonWriter writer = new JsonWriter(context.out())) {
        writer.beginArray();
        for (InstalledPlugin installed : all) {
          print(writer, installed, selected.contains(installed.plugin()));
        }
        writer.endArray();
      }
    } else {
      for (InstalledPlugin installed : all) {
        context.out().println(line(installed, selected.contains(installed.plugin())));
      }
    }
    plugins
        .warnings()
        .forEach(warning -> context.err().println("[WARN] deferred-sync: " + warning));
    return ExitStatus.SUCCESS;
  }

  private static void print(JsonWriter writer, InstalledPlugin installed, boolean enabled) {
    Plugin plugin = installed.plugin();
    writer.beginObject();
    writer.member("number", plugin.number());
    writer.member("name", plugin.name());
    writer.member("enabled", enabled);
    writer.member("origin", installed.origin());
    writer.member("description", plugin.description());
    writer.name("settings").beginArray();
    plugin.settings().stream().sorted().forEach(writer::value);
    writer.endArray();
    writer.endObject();
  }

  private static String line(InstalledPlugin installed, boolean enabled) {
    Plugin plugin = installed.plugin();
    StringBuilder text =
        new StringBuilder(
            String.format(
                "%02d  %-22s %-8s  %s",
                plugin.number(),
                Printable.of(plugin.name()),
                enabled ? "enabled" : "off",
                Printable.of(plugin.description())));
    if (!plugin.settings().isEmpty()) {
      String settings = String.join(", ", plugin.settings().stream().sorted().toList());
      text.append(" [").append(Printable.of(settings));
      text.append(']');
    }
    if (!plugin.description().contains(installed.origin())) {
      text.append(" (").append(Printable.of(installed.origin())).append(')');
    }
    return text.toString();
  }
}
