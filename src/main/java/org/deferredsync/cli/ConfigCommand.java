package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.deferredsync.config.Configuration;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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
        requireNonNull(spec).commandLine(), "config check, or config show?");
  }

  @Command(
      name = "check",
      description = {
        "Reads the configuration and says what is wrong with it, one line each.",
        "Exit status: 0 if the job can use it, 3 if not."
      })
  int check() throws SettingException {
    DeferredSync context = requireNonNull(parent);
    Configuration configuration = context.configuration();
    List<String> errors = configuration.errors();
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
