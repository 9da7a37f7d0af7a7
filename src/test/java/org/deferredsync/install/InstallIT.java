package org.deferredsync.install;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** install.sh into a TARGET of its own. */
final class InstallIT {
  private static final String OWNED_BY_NOBODY_ELSE =
      "find \"$1\" ! -type l \\( -perm /022 -o ! -uid \"$(id -u)\" \\)";

  @TempDir static Path place;
  private static Release release;
  private static Path installed;
  private static Outcome installing;

  @TempDir Path scratch;
  private Shell shell;
  private Path target;

  @BeforeAll
  static void install() throws IOException {
    Shell shell = new Shell(place);
    release = Release.unpack(place, shell);
    installed = place.resolve("installed");
    installing = installWithLittle(shell);
  }

  @BeforeEach
  void openShell() {
    shell = new Shell(scratch);
    target = scratch.resolve("target");
  }

  /** With the system's Java runtime and little else, under umask 000: what most of it is about. */
  private static Outcome installWithLittle(Shell shell) throws IOException {
    Path tools = Files.createDirectory(place.resolve("tools"));
    for (String tool :
        List.of(
            "sh", "cat", "chmod", "cmp", "cp", "date", "dirname", "find", "flock", "grep", "id",
            "ln", "ls", "mkdir", "mv", "rm", "rmdir", "sed", "sync", "tr", "uname")) {
      Files.copy(Path.of("/usr/bin", tool), tools.resolve(tool), COPY_ATTRIBUTES);
    }
    return shell.sh(
        "PATH=$3; umask 000; exec sh \"$1\" \"$2\" nosudo", release.installer(), installed, tools);
  }

  @Test
  void install_needsNothingButAJre() {
    assertThat(installing.status()).isZero();
    assertThat(installing.err()).isEmpty();
  }

  @Test
  void install_makesNothingThatOthersCanWrite_underUmask000() {
    assertThat(shell.sh(OWNED_BY_NOBODY_ELSE, installed).out()).isEmpty();
    assertThat(mode(installed.resolve("config/sync.conf"))).isEqualTo("640");
    assertThat(mode(installed.resolve("config/exclude.conf"))).isEqualTo("640");
    assertThat(mode(installed.resolve("log"))).isEqualTo("750");
    assertThat(mode(installed.resolve("log/sync.log"))).isEqualTo("640");
    assertThat(mode(installed.resolve("exec/deferred-sync"))).isEqualTo("755");
    assertThat(installed.resolve("config/sync.conf"))
        .content()
        .containsOnlyOnce("\nJOBLOG=$SCRIPT_HOME/log/sync.log\n");
    assertThat(installed.resolve("lib").resolve(release.build()).resolve("classes.jsa"))
        .isNotEmptyFile();
  }

  @Test
  void install_leavesNothingElsewhere_ofTheJobItTriesTheProgramWith() {
    assertThat(installed.resolve("lib").resolve(release.build()).resolve(".training"))
        .doesNotExist();
    assertThat(shell.sh("grep -rlF \"$1\" /var/lib/deferred-sync", installed).out()).isEmpty();
  }

  @Test
  void install_isReadableByAll_underUmask077() {
    Outcome outcome =
        shell.sh("umask 077; exec sh \"$1\" \"$2\" nosudo", release.installer(), target);

    assertThat(outcome.status()).isZero();
    assertThat(shell.sh("find \"$1/lib\" \"$1/exec\" ! -perm -044", target).out()).isEmpty();
  }

  @Test
  void install_callsSudoOnce_asAnOrdinaryUser_butNotWithNosudo() throws IOException {
    assumeTrue(LauncherIT.isRoot(), "only root can become another user");
    Path tools = openToAll(Files.createDirectory(place.resolve("sudo-tools")));
    Path sudo = Files.writeString(tools.resolve("sudo"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    assertThat(sudo.toFile().setExecutable(true, false)).isTrue();
    openToAll(place);
    String asUser =
        """
        PATH=$1:$PATH; shift
        exec setpriv --reuid 4711 --regid 4711 --clear-groups sh "$@"
        """;

    Outcome system = shell.sh(asUser, tools, release.installer(), "--link");
    assertThat(system)
        .isEqualTo(new Outcome(0, "--\n/bin/sh\n" + release.installer() + "\n--link\n", ""));

    Path home = Files.createDirectory(place.resolve("home"));
    assertThat(shell.sh("chown 4711:4711 \"$1\"", home).status()).isZero();
    Outcome own =
        shell.run(
            release.quick(),
            List.of(
                "/bin/sh",
                "-c",
                asUser,
                "sh",
                tools.toString(),
                release.installer().toString(),
                home.resolve("ds").toString(),
                "nosudo"));
    assertThat(own.status()).isZero();
    assertThat(own.err()).isEmpty();
    assertThat(shell.sh("find \"$1\" ! -uid 4711", home.resolve("ds")).out()).isEmpty();

    Outcome refused = shell.sh(asUser, tools, release.installer(), "/opt/nobody/may", "nosudo");
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains("[ERROR] install.sh: /opt/nobody/may cannot be made");
  }

  @ParameterizedTest
  @ValueSource(strings = {"relative/path", "--wrong", "-x", "x"})
  void install_showsTheUsage_whenTheCommandLineIsWrong(String argument) {
    Outcome outcome = release.install(argument);

    assertThat(outcome.status()).isEqualTo(64);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).startsWith("[ERROR] install.sh: ").contains(argument, "Usage: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "//",
        "/tmp/../etc",
        "/tmp/a/..",
        "/tmp/./a",
        "/a:b",
        "/a\nb",
        "/a$b",
        "/a'b",
        "/a\"b",
        "/a`b",
        "/a\\b",
        "/a*",
        "/a?",
        "/[a]"
      })
  void install_refusesATargetThatWouldBreak(String path) {
    Outcome outcome = release.install(path, "nosudo");

    assertThat(outcome.status()).isEqualTo(3);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).startsWith("[ERROR] install.sh: TARGET ").hasLineCount(1);
  }

  @Test
  void help_andVersion_tellAndChangeNothing() {
    assertThat(release.install("--help").out()).startsWith("Usage: ");
    assertThat(release.install("-h")).isEqualTo(release.install("--help"));
    assertThat(release.install("--version").out()).matches("deferred-sync \\d+\\.\\d+\\.\\d+\n");
    assertThat(release.install("-v")).isEqualTo(release.install("--version"));
  }

  @Test
  void upgrade_keepsWhatTheOperatorEdited_andRenewsTheRest() throws IOException {
    assertThat(release.install(target, "nosudo").status()).isZero();
    Release next = release.rebuilt("29990101000001");
    append(next.directory().resolve("lib/before"), "# new\n");
    append(next.directory().resolve("lib/after"), "# new\n");
    append(next.directory().resolve("config/sync.conf"), "# new\n");
    append(target.resolve("lib/after"), "echo mine\n");
    append(target.resolve("config/exclude.conf"), "mine/\n");
    Path dropIn = Files.writeString(target.resolve("lib/plugins/50_own"), "echo own\n");
    String syncConf = Files.readString(target.resolve("config/sync.conf"));

    Outcome outcome = next.install(target, "nosudo");

    assertThat(outcome.status()).isZero();
    assertThat(target.resolve("lib/before")).content().endsWith("# new\n");
    assertThat(target.resolve("lib/after")).content().endsWith("echo mine\n").doesNotContain("new");
    assertThat(target.resolve("config/exclude.conf")).content().endsWith("mine/\n");
    assertThat(target.resolve("config/sync.conf")).hasContent(syncConf);
    assertThat(target.resolve("lib").resolve(next.build()).resolve("config/sync.conf"))
        .content()
        .endsWith("# new\n");
    assertThat(dropIn).hasContent("echo own\n");
    assertThat(target.resolve("lib").resolve(release.build())).doesNotExist();
    assertThat(run(target).status()).isZero();
  }

  @Test
  void upgrade_putsNoSyncConf_besideASyncYaml() throws IOException {
    assertThat(release.install(target, "nosudo").status()).isZero();
    Files.delete(target.resolve("config/sync.conf"));
    Path yaml =
        Files.writeString(
            target.resolve("config/sync.yaml"), "log: $SCRIPT_HOME/log/sync.log\nplugins: []\n");

    Outcome outcome = release.rebuilt("29990101000005").install(target, "nosudo");

    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).contains("kept " + yaml, "its configuration is " + yaml);
    assertThat(target.resolve("config/sync.conf")).doesNotExist();
    assertThat(run(target).status()).isZero();
  }

  @Test
  void upgrade_leavesARunningJobItsVersion_untilItHasEnded() throws Exception {
    assertThat(release.install(target, "nosudo").status()).isZero();
    Path started = scratch.resolve("started");
    FakeJava java =
        FakeJava.make(scratch.resolve("java"), "17.0.1", ": >'" + started + "'; exec sleep 1000");
    Process job =
        shell.start(
            java.environment(), List.of(target.resolve("exec/deferred-sync").toString(), "run"));
    try {
      while (!Files.exists(started)) {
        assertThat(job.isAlive()).isTrue();
        TimeUnit.MILLISECONDS.sleep(10);
      }
      Path old = target.resolve("lib").resolve(release.build());

      Outcome second = release.rebuilt("29990101000002").install(target, "nosudo");

      assertThat(second.status()).isZero();
      assertThat(second.out()).contains("kept " + old + ": a job is running from it");
      assertThat(old.resolve("in-use")).exists();
      assertThat(job.isAlive()).isTrue();
      assertThat(release.install("--uninstall", target, "nosudo").err())
          .startsWith("[ERROR] install.sh: a job is running from " + old)
          .hasLineCount(1);

      job.destroy();
      assertThat(job.waitFor(60, TimeUnit.SECONDS)).isTrue();
      Release third = release.rebuilt("29990101000003");
      assertThat(third.install(target, "nosudo").status()).isZero();

      assertThat(versions()).containsExactly(third.build());
    } finally {
      job.destroyForcibly();
    }
  }

  @Test
  void upgrade_changesNothing_whenTheNewVersionDoesNotStart() throws IOException {
    assertThat(release.install(target, "nosudo").status()).isZero();
    String launcher = Files.readString(target.resolve("exec/deferred-sync"));
    Release broken = release.rebuilt("29990101000004");
    Files.delete(
        broken
            .directory()
            .resolve("lib")
            .resolve(broken.build())
            .resolve("deferred-sync-1.0.0.jar"));

    Outcome outcome = broken.installWithJava(target, "nosudo");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.err()).contains("[ERROR] install.sh: the new version does not start");
    assertThat(target.resolve("exec/deferred-sync")).hasContent(launcher);
    assertThat(run(target).status()).isZero();
    assertThat(versions()).containsExactly(release.build());
  }

  @Test
  void install_repairsADamagedFile_ofTheSameVersion() throws IOException {
    assertThat(release.install(target, "-n").status()).isZero();
    Path jar;
    try (var jars =
        Files.newDirectoryStream(target.resolve("lib").resolve(release.build()), "picocli-*.jar")) {
      jar = jars.iterator().next();
    }
    byte[] whole = Files.readAllBytes(jar);
    Files.write(jar, new byte[10]);

    assertThat(release.install(target, "--no-sudo").status()).isZero();

    assertThat(jar).hasBinaryContent(whole);
    assertThat(versions()).containsExactly(release.build());
  }

  @Test
  void upgrade_setsTheOriginalAside_andKeepsOwnDropInsAndSettings() throws IOException {
    Path plugins = Files.createDirectories(target.resolve("lib/plugins"));
    Files.createDirectories(target.resolve("exec"));
    Files.createDirectories(target.resolve("config"));
    for (String name :
        List.of(
            "09_show_version",
            "70_incremental_backup",
            "get_remote_dir",
            "50_own",
            "71_incremental_backup_own")) {
      Files.writeString(plugins.resolve(name), "# " + name + "\n");
    }
    Files.writeString(target.resolve("lib/load"), "# load\n");
    Files.writeString(target.resolve("lib/before"), "# my before\n");
    Files.writeString(target.resolve("exec/deferred-sync"), "#!/bin/sh\n# the shell one\n");
    Files.writeString(target.resolve("config/sync.conf"), "BACKUPTO=/mine\n");

    Outcome outcome = release.install(target, "nosudo");

    assertThat(outcome.status()).isZero();
    Path original = only("original-*");
    assertThat(original.getFileName().toString()).matches("original-\\d{8}");
    assertThat(shell.sh("cd \"$1\" && find . -type f | LC_ALL=C sort", original).out())
        .isEqualTo(
            """
            ./exec/deferred-sync
            ./lib/load
            ./lib/plugins/09_show_version
            ./lib/plugins/70_incremental_backup
            ./lib/plugins/get_remote_dir
            """);
    assertThat(original.resolve("exec/deferred-sync")).content().contains("the shell one");
    assertThat(shell.sh("ls \"$1\"", plugins).out())
        .isEqualTo("50_own\n71_incremental_backup_own\n");
    assertThat(target.resolve("lib/load")).doesNotExist();
    assertThat(target.resolve("lib/before")).hasContent("# my before\n");
    assertThat(target.resolve("config/sync.conf")).hasContent("BACKUPTO=/mine\n");
    assertThat(run(target).status()).isZero();

    Files.writeString(plugins.resolve("70_incremental_backup"), "# put there later\n");
    assertThat(release.install(target, "nosudo").status()).isZero();
    assertThat(plugins.resolve("70_incremental_backup")).exists();
  }

  @Test
  void uninstall_leavesNothingButLogs_whenNothingWasEdited() {
    assertThat(release.install(target, "nosudo").status()).isZero();

    assertThat(release.install("-u", target, "nosudo").status()).isZero();

    assertThat(shell.sh("cd \"$1\" && find . | LC_ALL=C sort", target).out())
        .isEqualTo(".\n./log\n./log/sync.log\n");
  }

  @Test
  void uninstall_keepsWhatTheOperatorEdited_unlessPurged() throws IOException {
    assertThat(release.install(target, "nosudo").status()).isZero();
    append(target.resolve("config/sync.conf"), "# mine\n");
    append(target.resolve("lib/before"), "# mine\n");
    Files.writeString(target.resolve("lib/plugins/50_own"), "# mine\n");
    Path backup = Files.createDirectories(target.resolve("backup/home"));
    Files.writeString(backup.resolve("file"), "kept\n");

    assertThat(release.install("-u", target, "nosudo").status()).isZero();
    assertThat(files())
        .isEqualTo(
            """
            ./backup/home/file
            ./config/sync.conf
            ./lib/before
            ./lib/plugins/50_own
            ./lib/shipped/before
            ./lib/shipped/sync.conf
            ./log/sync.log
            """);

    assertThat(release.install(target, "nosudo").status()).isZero();
    assertThat(target.resolve("config/sync.conf")).content().endsWith("# mine\n");
    assertThat(release.install("--uninstall", target, "nosudo", "--purge").status()).isZero();
    assertThat(files()).isEqualTo("./backup/home/file\n./log/sync.log\n");
  }

  @Test
  void uninstall_fails_whereNothingIsInstalled() {
    Outcome outcome = release.install("--uninstall", target, "nosudo");

    assertThat(outcome)
        .isEqualTo(
            new Outcome(1, "", "[ERROR] install.sh: nothing is installed in " + target + "\n"));
  }

  private static Path openToAll(Path directory) throws IOException {
    return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome run(Path installed) {
    return shell.sh("\"$1/exec/deferred-sync\" --version", installed);
  }

  private String files() {
    return shell.sh("cd \"$1\" && find . -type f | LC_ALL=C sort", target).out();
  }

  private List<String> versions() {
    return shell.sh("cd \"$1/lib\" && ls -d [0-9]*", target).out().lines().toList();
  }

  private Path only(String glob) throws IOException {
    try (var found = Files.newDirectoryStream(target, glob)) {
      return found.iterator().next();
    }
  }

  private static void append(Path file, String text) throws IOException {
    Files.writeString(file, Files.readString(file) + text);
  }

  private String mode(Path file) {
    return shell.sh("stat -c %a \"$1\"", file).out().strip();
  }
}
