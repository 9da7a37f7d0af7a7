package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kernels with the names of Ubuntu's, installed by the real apt-get on a root of the test's own.
 */
@Timeout(120)
final class UbuntuKernelUpgradeTest {
  private static final String RUNNING = "5.15.0-91-generic";

  @TempDir Path directory;

  private final LogCapture log = new LogCapture("ubuntu_kernel_upgrade");
  private AptGround ground;

  @BeforeEach
  void installKernels() throws Exception {
    ground = new AptGround(directory);
    Files.writeString(ground.etc().resolve("lsb-release"), "DISTRIB_ID=Ubuntu\n");
    for (String version : List.of("5.15.0-9", "5.15.0-91", "5.15.0-100")) {
      kernel(version);
    }
    metas("100");
    ground.publish();
    ground.succeed("apt-get", "-q", "update");
    ground.succeed(
        "apt-get",
        "-q",
        "-y",
        "install",
        "linux-generic",
        "linux-headers-5.15.0-9-generic",
        "linux-image-5.15.0-9-generic",
        "linux-image-5.15.0-91-generic");
    kernel("5.15.0-113");
    metas("113");
    ground.publish();
  }

  @AfterEach
  void closeLog() {
    log.close();
  }

  private void kernel(String version) throws Exception {
    ground.make("linux-modules-" + version + "-generic", "1", "", Map.of());
    ground.make(
        "linux-image-" + version + "-generic",
        "1",
        "Depends: linux-modules-" + version + "-generic\n",
        Map.of());
    ground.make("linux-headers-" + version, "1", "", Map.of());
    ground.make(
        "linux-headers-" + version + "-generic",
        "1",
        "Depends: linux-headers-" + version + "\n",
        Map.of());
  }

  private void metas(String abi) throws Exception {
    String version = "5.15.0." + abi;
    String image = "linux-image-5.15.0-" + abi + "-generic";
    String headers = "linux-headers-5.15.0-" + abi + "-generic";
    ground.make("linux-image-generic", version, "Depends: " + image + "\n", Map.of());
    ground.make("linux-headers-generic", version, "Depends: " + headers + "\n", Map.of());
    ground.make(
        "linux-generic",
        version,
        "Depends: linux-image-generic (= "
            + version
            + "), linux-headers-generic (= "
            + version
            + ")\n",
        Map.of());
  }

  private PluginOutcome run(boolean dryRun, String flavour) throws Exception {
    return new PluginRunner(Duration.ofSeconds(60))
        .run(
            new UbuntuKernelUpgrade(ground.etc(), RUNNING),
            PluginContexts.context(
                directory,
                log.logger(),
                ground.commands(),
                PluginContexts.settings(Map.of("UBUNTU_ARCHITECTURE", flavour)),
                dryRun));
  }

  @Test
  void run_purgesOldKernels_andInstallsTheNewestOne() throws Exception {
    PluginOutcome outcome = run(false, "generic");

    assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(ground.packages())
        .contains(
            "linux-image-5.15.0-91-generic 1 ii",
            "linux-modules-5.15.0-91-generic 1 ii",
            "linux-image-5.15.0-100-generic 1 ii",
            "linux-headers-5.15.0-100 1 ii",
            "linux-image-5.15.0-113-generic 1 ii",
            "linux-headers-5.15.0-113-generic 1 ii",
            "linux-generic 5.15.0.113 ii",
            "linux-image-generic 5.15.0.113 ii")
        .noneMatch(line -> line.contains("5.15.0-9-") || line.contains("5.15.0-9 "));
    assertThat(log.lines())
        .contains(
            "INFO ubuntu_kernel_upgrade: Kernels that stay: 5.15.0-91-generic, 5.15.0-100-generic.");
  }

  @Test
  void run_simulates_inADryRun() throws Exception {
    ground.succeed("apt-get", "-q", "update");
    List<String> before = ground.packages();

    assertThat(run(true, "generic").code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);

    assertThat(ground.packages()).isEqualTo(before);
    assertThat(log.lines())
        .anyMatch(line -> line.contains("| Purg linux-image-5.15.0-9-generic"))
        .anyMatch(line -> line.contains("| Inst linux-image-5.15.0-113-generic"));
  }

  @Test
  void run_removesNothing_ifMoreWouldGoThanOldKernels() throws Exception {
    ground.make("driver", "1", "Depends: linux-image-5.15.0-9-generic\n", Map.of()).publish();
    ground.succeed("apt-get", "-q", "update");
    ground.succeed("apt-get", "-q", "-y", "install", "driver");
    List<String> before = ground.packages();

    PluginOutcome outcome = run(false, "generic");

    assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(outcome.reason()).contains("would remove driver");
    assertThat(ground.packages()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-o APT::x", "generic;id", "Generic"})
  void run_isPrerequisite_withoutFlavour(String flavour) throws Exception {
    assertThat(run(false, flavour).code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines()).hasSize(1).allMatch(line -> line.contains("UBUNTU_ARCHITECTURE"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"debian_version", "lsb-release"})
  void run_isPrerequisite_whereItIsNoUbuntu(String file) throws Exception {
    Files.delete(ground.etc().resolve(file));

    assertThat(run(false, "generic").code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines())
        .containsExactly(
            "WARN ubuntu_kernel_upgrade: "
                + ground.etc().resolve(file)
                + " does not exist: put it there, if this is Ubuntu, or take ubuntu_kernel_upgrade"
                + " out of PLUGINS.");
  }
}
