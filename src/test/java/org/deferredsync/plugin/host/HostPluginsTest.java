package org.deferredsync.plugin.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugins that look at the host run the commands that the shell version ran. */
final class HostPluginsTest {
  @TempDir private Path directory;
  private final List<String> commands = new ArrayList<>();
  private Set<String> absent = Set.of();
  private Map<String, Integer> statuses = Map.of();

  private List<String> log(Plugin plugin, Map<String, String> settings, ReturnCode expected)
      throws Exception {
    CommandRunner runner =
        (command, output, errors) -> {
          List<String> arguments = command.arguments();
          commands.add(String.join(" ", arguments));
          output.accept("ID_SERIAL=of " + arguments.get(0));
          Ending ending =
              absent.contains(arguments.get(0))
                  ? new Ending.Absent(arguments.get(0))
                  : new Ending.Exited(statuses.getOrDefault(String.join(" ", arguments), 0));
          return new CommandResult(ending, List.of(), Duration.ZERO);
        };
    try (LogCapture log = new LogCapture(plugin.name())) {
      ReturnCode code =
          new PluginRunner(Duration.ofSeconds(60))
              .run(plugin, PluginContexts.context(directory, log.logger(), runner, settings))
              .code();
      assertThat(code).as("%s", log.lines()).isEqualTo(expected);
      return log.lines();
    }
  }

  @Test
  void showVersion_asksWhatLiesUnderOpt_andWarnsOfWhatDoesNot() throws Exception {
    absent = Set.of("/opt/go/current/bin/go");

    List<String> lines = log(new ShowVersion(), Map.of(), ReturnCode.SUCCESS);

    assertThat(commands)
        .containsExactly(
            "/opt/ruby/current/bin/ruby --version",
            "/opt/python/current/bin/python --version",
            "/opt/java/jdk/current/bin/java -version",
            "/opt/go/current/bin/go version",
            "/opt/mongo/current/bin/mongo --version",
            "/opt/protoc/current/bin/protoc --version");
    assertThat(lines).filteredOn(line -> line.startsWith("WARN ")).hasSize(1);
  }

  @Test
  void getResources_runsAll_andWarnsOfWhatIsAbsentOrFails() throws Exception {
    absent = Set.of("lvs", "lsb_release");
    statuses = Map.of("lsblk -f", 32);

    List<String> lines = log(new GetResources(), Map.of(), ReturnCode.SUCCESS);

    assertThat(commands)
        .containsExactly(
            "uname -a",
            "lsb_release -a",
            "uptime",
            "free -t",
            "df -P -T",
            "lsblk",
            "lsblk -f",
            "lvs -o lv_name,vg_name,lv_size,devices",
            "ip addr show");
    assertThat(lines)
        .filteredOn(line -> line.startsWith("WARN "))
        .hasSize(2)
        .anyMatch(line -> line.contains("lsblk exited with status 32"))
        .anyMatch(line -> line.contains("lvs "));
    boolean debian = Files.isRegularFile(Path.of("/etc/debian_version"));
    assertThat(lines.stream().anyMatch(line -> line.contains("/etc/debian_version:")))
        .isEqualTo(debian);
  }

  @Test
  void getHardwareInfo_asksEachDisk_andAgainWhereItsKindIsNotTheRightOne() throws Exception {
    Path devices = Files.createDirectories(directory.resolve("dev"));
    for (String name : List.of("sda", "sdf", "sdg", "sda1", "nvme0n1", "nvme0", "nvme1n1p1")) {
      Files.createFile(devices.resolve(name));
    }
    Path resolver = directory.resolve("resolv.conf");
    Files.writeString(directory.resolve("stub"), "nameserver 192.0.2.1\n");
    Files.createSymbolicLink(resolver, Path.of("stub"));
    statuses = Map.of("smartctl -a -d sat " + devices + "/sda", 2);

    List<String> lines = log(new GetHardwareInfo(devices, resolver), Map.of(), ReturnCode.SUCCESS);

    assertThat(commands)
        .containsExactly(
            "dmidecode --type system",
            "lspci",
            "acpi -b -a -t -i",
            "nmcli device show",
            "nmcli connection show",
            "resolvectl status",
            "udevadm info --query=property --name=" + devices + "/nvme0n1",
            "smartctl -a -d nvme " + devices + "/nvme0n1",
            "udevadm info --query=property --name=" + devices + "/sda",
            "smartctl -a -d sat " + devices + "/sda",
            "smartctl -a " + devices + "/sda",
            "udevadm info --query=property --name=" + devices + "/sdf",
            "smartctl -a -d sat " + devices + "/sdf");
    assertThat(lines)
        .anyMatch(line -> line.contains(resolver + " is a link to stub."))
        .anyMatch(line -> line.contains("| nameserver 192.0.2.1"))
        .anyMatch(line -> line.contains(devices + "/sda: ID_SERIAL=of udevadm."));
  }

  @Test
  void serverAliveCheck_passesTheStatusOn_andIsThreeWithoutItsScript() throws Exception {
    Path script = directory.resolve("alive");
    Map<String, String> settings = Map.of("SERVER_ALIVE_CHECK", script.toString());
    log(new ServerAliveCheck(), settings, ReturnCode.PREREQUISITE);
    Files.writeString(script, "#!/bin/sh\n");
    assertThat(script.toFile().setExecutable(false, false)).isTrue();
    log(new ServerAliveCheck(), settings, ReturnCode.PREREQUISITE);
    assertThat(script.toFile().setExecutable(true)).isTrue();
    log(new ServerAliveCheck(), settings, ReturnCode.SUCCESS);
    statuses = Map.of(script.toString(), 2);
    log(new ServerAliveCheck(), settings, ReturnCode.NETWORK);
    statuses = Map.of(script.toString(), 9);
    assertThat(log(new ServerAliveCheck(), settings, ReturnCode.FAILURE))
        .anyMatch(line -> line.contains("exited with status 9"));
    assertThat(commands).containsExactly(script.toString(), script.toString(), script.toString());
  }
}
