package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fresh Debian that debootstrap makes, kept below target for the next time, with a repository of
 * the test's own. Root's, and of the long form of the tests.
 */
@EnabledIfSystemProperty(named = "debootstrap", matches = "true")
@EnabledIfSystemProperty(named = "user.name", matches = "root")
@Timeout(1200)
final class FreshDebianIT {
  private static final Path KEPT = Path.of("target/debootstrap");

  @TempDir Path directory;

  private final CommandRunner system = new SystemCommandRunner(System.getenv());
  private final List<String> said = new ArrayList<>();

  private void succeed(CommandRunner commands, String... arguments) throws Exception {
    CommandResult result = commands.run(Command.of(arguments), said::add, said::add);
    assertThat(result.succeeded()).as("%s: %s", List.of(arguments), said).isTrue();
  }

  private Path fresh() throws Exception {
    if (!Files.exists(KEPT.resolve("etc/debian_version"))) {
      Path made = Path.of("target/debootstrap.new").toAbsolutePath();
      succeed(system, "rm", "-rf", "--", made.toString());
      succeed(system, "debootstrap", "--variant=minbase", "stable", made.toString());
      Files.move(made, KEPT);
    }
    Path root = directory.resolve("debian");
    succeed(system, "cp", "-a", "--", KEPT.toAbsolutePath().toString(), root.toString());
    return root;
  }

  private CommandRunner within(Path root) {
    return (command, output, errors) -> {
      boolean there =
          Stream.of("usr/sbin", "usr/bin")
              .anyMatch(bin -> Files.exists(root.resolve(bin).resolve(command.program())));
      if (!there) {
        return new CommandResult(new Ending.Absent(command.program()), List.of(), Duration.ZERO);
      }
      List<String> arguments = new ArrayList<>(List.of("chroot", root.toString()));
      arguments.addAll(command.arguments());
      return system.run(
          Command.of(arguments).with(command.additions()).without(command.removals()),
          output,
          errors);
    };
  }

  @Test
  void run_upgradesAFreshSystem() throws Exception {
    Path root = fresh();
    AptGround ground = new AptGround(directory.resolve("ground"));
    ground.make(
        "greeting", "1", "", Map.of("etc/greeting", "1\n", "DEBIAN/conffiles", "/etc/greeting\n"));
    ground.make("helping", "1", "Depends: helper\n", Map.of()).make("helper", "1", "", Map.of());
    ground.publish();
    ground.copyRepository(root.resolve("repository"));
    Files.writeString(
        root.resolve("etc/apt/sources.list"), "deb [trusted=yes] file:/repository ./\n");
    CommandRunner commands = within(root);
    succeed(commands, "apt-get", "update");
    succeed(commands, "apt-get", "-y", "install", "greeting", "helping");
    Files.writeString(root.resolve("etc/greeting"), "mine\n");
    ground.make(
        "greeting", "2", "", Map.of("etc/greeting", "2\n", "DEBIAN/conffiles", "/etc/greeting\n"));
    ground.make("helping", "2", "", Map.of()).publish();
    ground.copyRepository(root.resolve("repository"));

    try (LogCapture log = new LogCapture("system_upgrade")) {
      var context =
          PluginContexts.context(
              directory,
              log.logger(),
              commands,
              PluginContexts.settings(Map.of("OLDKERNELS_COUNT", "2")),
              false);
      var outcome =
          new PluginRunner(Duration.ofMinutes(5))
              .run(new SystemUpgrade(root.resolve("etc")), context);
      assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    }
    List<String> packages = new ArrayList<>();
    commands.run(
        Command.of("dpkg-query", "-W", "-f", "${Package} ${Version}\\n"), packages::add, said::add);
    assertThat(packages).contains("greeting 2", "helping 2").doesNotContain("helper 1");
    assertThat(root.resolve("etc/greeting")).hasContent("mine");
  }
}
