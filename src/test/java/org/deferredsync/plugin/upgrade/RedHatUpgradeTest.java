package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real dnf with a root of the test's own, and a repository that rpmbuild and createrepo_c make.
 */
@Timeout(120)
final class RedHatUpgradeTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("system_upgrade");
  private final List<String> said = new ArrayList<>();

  @AfterEach
  void closeLog() {
    log.close();
  }

  private Path root() {
    return directory.resolve("root");
  }

  private Path repository() {
    return directory.resolve("repository");
  }

  /** A package of that version; a kernel's may be installed in several versions at once. */
  private void make(String name, String version) throws Exception {
    Path spec =
        Files.writeString(
            directory.resolve(name + ".spec"),
            "Name: %s\nVersion: %s\nRelease: 1\nSummary: s\nLicense: none\nBuildArch: noarch\n"
                    .formatted(name, version)
                + (name.startsWith("kernel") ? "Provides: installonlypkg(kernel)\n" : "")
                + "%description\nmade for a test\n%files\n");
    succeed(
        Command.of(
            "rpmbuild",
            "-bb",
            "--quiet",
            "--define",
            "_topdir " + directory.resolve("rpmbuild"),
            "--define",
            "_rpmdir " + repository(),
            spec.toString()));
  }

  private void publish() throws Exception {
    Files.createDirectories(root().resolve("etc/yum.repos.d"));
    Files.writeString(
        root().resolve("etc/yum.repos.d/local.repo"),
        "[local]\nname=local\nbaseurl=file://" + repository() + "\nenabled=1\ngpgcheck=0\n");
    Files.createDirectories(root().resolve("etc/dnf"));
    Files.writeString(root().resolve("etc/dnf/dnf.conf"), "[main]\nproxy_password = canary\n");
    succeed(Command.of("createrepo_c", "-q", repository().toString()));
  }

  private void succeed(Command command) throws Exception {
    CommandResult result = commands(List.of()).run(command, said::add, said::add);
    assertThat(result.succeeded()).as("%s: %s", command, said).isTrue();
  }

  /** Runs commands as the system does, dnf on the root of this test, and without those absent. */
  private CommandRunner commands(List<String> absent) {
    CommandRunner system = new SystemCommandRunner(System.getenv());
    return (command, output, errors) -> {
      if (absent.contains(command.program())) {
        return new CommandResult(new Ending.Absent(command.program()), List.of(), Duration.ZERO);
      }
      List<String> arguments = new ArrayList<>(command.arguments());
      if (command.program().equals("dnf")) {
        arguments.addAll(
            1,
            List.of(
                "--installroot=" + root(),
                "--releasever=1",
                "--setopt=reposdir=" + root().resolve("etc/yum.repos.d")));
      }
      return system.run(Command.of(arguments), output, errors);
    };
  }

  private PluginOutcome run(CommandRunner commands, boolean dryRun, String kernels)
      throws Exception {
    return new PluginRunner(Duration.ofSeconds(60))
        .run(
            new SystemUpgrade(root().resolve("etc")),
            PluginContexts.context(
                directory,
                log.logger(),
                commands,
                PluginContexts.settings(Map.of("OLDKERNELS_COUNT", kernels)),
                dryRun));
  }

  private List<String> installed() throws Exception {
    List<String> names = new ArrayList<>();
    new SystemCommandRunner(System.getenv())
        .run(
            Command.of("rpm", "--root", root().toString(), "-qa", "--qf", "%{name}-%{version}\\n"),
            names::add,
            said::add);
    return names.stream().sorted().toList();
  }

  @Test
  void run_upgradesByDnf_andRemovesOldKernels() throws Exception {
    make("greeting", "1");
    make("kernel-core", "5.1");
    make("kernel-core", "5.2");
    publish();
    succeed(Command.of("dnf", "-y", "install", "greeting", "kernel-core-5.1", "kernel-core-5.2"));
    make("greeting", "2");
    make("kernel-core", "5.3");
    publish();
    CommandRunner commands = commands(List.of("package-cleanup"));

    List<String> before = installed();
    assertThat(run(commands, true, "2").code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .anyMatch(line -> line.matches(".*\\| Upgrade +1 Package.*"))
        .contains("INFO system_upgrade: | proxy_password = (not shown)")
        .noneMatch(line -> line.contains("canary"));
    assertThat(installed()).isEqualTo(before);

    PluginOutcome outcome = run(commands, false, "2");
    assertThat(outcome.code()).as("%s", log.lines()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(installed()).containsExactly("greeting-2", "kernel-core-5.2", "kernel-core-5.3");

    assertThat(run(commands, true, "2").code()).as("nothing to do").isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines()).contains("INFO system_upgrade: | Nothing to do.");

    Files.delete(repository().resolve("repodata/repomd.xml"));
    PluginOutcome broken = run(commands, false, "2");
    assertThat(broken.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(broken.reason()).isEqualTo("dnf update exited with status 1");
  }

  /** There is no yum on Debian: this is about which commands it would be given, and no more. */
  @Test
  void run_takesYum_whereThereIsNoDnf() throws Exception {
    Path configuration = Files.createDirectories(root().resolve("etc")).resolve("yum.conf");
    Files.writeString(configuration, "[main]\nproxy_password=canary\n");
    List<String> ran = new ArrayList<>();

    assertThat(run(with(ran, "yum", "package-cleanup"), false, "3").code())
        .isEqualTo(ReturnCode.SUCCESS);
    assertThat(ran)
        .containsExactly(
            "dnf --version",
            "yum --version",
            "yum -y update",
            "yum -y clean all",
            "package-cleanup -y --oldkernels --count 3",
            "freshclam --version");
    assertThat(log.lines())
        .containsSubsequence(
            "INFO system_upgrade: " + configuration + ":",
            "INFO system_upgrade: | [main]",
            "INFO system_upgrade: | proxy_password=(not shown)",
            "INFO system_upgrade: yum -y update:");
  }

  @Test
  void run_warns_whereYumHasNoPackageCleanup() throws Exception {
    Files.createDirectories(root().resolve("etc"));

    assertThat(run(with(new ArrayList<>(), "yum"), false, "2").code())
        .isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .contains(
            "WARN system_upgrade: package-cleanup is not installed, so old kernels stay; install"
                + " yum-utils.");
  }

  /** A system where nothing but these programs is, which succeed. */
  private static CommandRunner with(List<String> ran, String... programs) {
    return (command, output, errors) -> {
      ran.add(command.toString());
      boolean there = List.of(programs).contains(command.program());
      return new CommandResult(
          there ? new Ending.Exited(0) : new Ending.Absent(command.program()),
          List.of(),
          Duration.ZERO);
    };
  }

  @Test
  void run_refusesACountThatWouldRemoveAllKernels() throws Exception {
    Files.createDirectories(root().resolve("etc"));
    assertThat(run(commands(List.of()), false, "0").code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines()).hasSize(1).allMatch(line -> line.contains("OLDKERNELS_COUNT"));
  }

  @Test
  void removable_neverNamesTheRunningKernel() {
    assertThat(
            Dnf.removable(
                List.of(
                    "Failed to open log file: /x",
                    "",
                    "kernel-core-4.18.0-80.el8.x86_64",
                    "kernel-core-4.18.0-147.el8.x86_64",
                    "kernel-1:4.18.0-80.el8.x86_64"),
                "4.18.0-147.el8.x86_64"))
        .containsExactly("kernel-core-4.18.0-80.el8.x86_64", "kernel-1:4.18.0-80.el8.x86_64");
    assertThat(
            Dnf.removable(
                List.of(
                    "kernel-64k-core-5.14.0-362.el9.aarch64",
                    "kernel-64k-core-1:5.14.0-427.el9.aarch64",
                    "kernel-64k-modules-5.14.0-427.el9.aarch64"),
                "5.14.0-427.el9.aarch64+64k"))
        .containsExactly("kernel-64k-core-5.14.0-362.el9.aarch64");
  }
}
