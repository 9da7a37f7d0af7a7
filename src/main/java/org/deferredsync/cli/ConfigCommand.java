package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.Plugins;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.plugin.backup.IncrementalBackup;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The configuration as it is understood. */
@Command(name = "config", sortOptions = false, description = "Looks at the configuration.")
final class ConfigCommand implements Runnable {
  @ParentCommand private @Nullable DeferredSync parent;
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        requireNonNull(spec).commandLine(), "config check, config show, or config convert?");
  }

  @Command(
      name = "check",
      description = {
        "Reads the configuration and says what is wrong with it, one line each; whether directories"
            + " and hosts are there is seen by a run.",
        "Exit status: 0 if the job can use it, 3 if not."
      })
  int check() throws SettingException, PluginException, IOException, InterruptedException {
    DeferredSync context = requireNonNull(parent);
    Configuration configuration = context.configuration();
    Set<String> errors = new LinkedHashSet<>(configuration.errors());
    errors.addAll(refused(context, configuration.settings()));
    configuration.warnings().forEach(line -> context.out().println("[WARN] " + line));
    errors.forEach(line -> context.out().println("[ERROR] " + line));
    String file = Printable.of(context.configurationFile(null).toString());
    if (!errors.isEmpty()) {
      context.out().println(file + ": " + errors.size() + " to correct.");
      return ExitStatus.PREREQUISITE;
    }
    context.out().println(file + ": good.");
    return ExitStatus.SUCCESS;
  }

  /** What the plugins that are selected would refuse, though each value by itself is good. */
  private static List<String> refused(DeferredSync context, Settings settings)
      throws PluginException, IOException, InterruptedException {
    Plugins plugins = Plugins.trusted(context.home(), context.trust());
    List<String> lines = new ArrayList<>();
    try {
      lines.addAll(plugins.complaints(settings));
      if (plugins.select(settings).stream().anyMatch(IncrementalBackup.class::isInstance)) {
        List<String> warnings = new ArrayList<>();
        BackupSettings.request(settings, context.trust(), Set.of(), context.runCommand(), warnings);
        warnings.forEach(line -> context.out().println("[WARN] " + line));
      }
    } catch (SettingException e) {
      lines.add(e.getMessage());
    }
    return lines;
  }

  @Command(
      name = "convert",
      description = {
        "Prints the settings of a sync.conf as a sync.yaml that means the same, with the comments"
            + " that belong to a setting, and the passwords that are in it.",
        "  (umask 077; deferred-sync config convert > sync.yaml)"
      })
  int convert(
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "the sync.conf (default: the one that is used)")
          @Nullable String file)
      throws SettingException {
    DeferredSync context = requireNonNull(parent);
    Configuration.Converted converted =
        Configuration.convert(
            file == null
                ? context.configurationFile(null)
                : Configuration.locate(
                    Optional.of(file), context.home(), Path.of("").toAbsolutePath()),
            context.environment(),
            context.trust());
    converted.lines().forEach(context.out()::println);
    converted
        .notes()
        .forEach(note -> context.err().println("[WARN] deferred-sync: " + Printable.of(note)));
    return ExitStatus.SUCCESS;
  }

  @Command(
      name = "show",
      description = {
        "Prints every setting with its value and where it comes from; secrets stay hidden."
      })
  int show(@Option(names = "--json", description = "print a JSON array") boolean json)
      throws SettingException {
    DeferredSync context = requireNonNull(parent);
    Configuration configuration = context.configuration();
    if (!json) {
      configuration.shownLines().forEach(context.out()::println);
      return ExitStatus.SUCCESS;
    }
    try (JsonWriter writer = new JsonWriter(context.out())) {
      writer.beginArray();
      for (Configuration.Shown shown : configuration.shown()) {
        writer.beginObject();
        if (!shown.source().isEmpty()) {
          writer.member("source", shown.source());
        }
        writer.member("key", shown.key());
        writer.member("value", shown.value());
        writer.member("origin", shown.origin());
        writer.member("description", shown.description());
        writer.endObject();
      }
      writer.endArray();
    }
    return ExitStatus.SUCCESS;
  }
}
