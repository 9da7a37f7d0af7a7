package org.deferredsync.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LauncherIT {
  @TempDir static Path place;
  private static Path target;
  private static Path launcher;
  private static Path version;

  @TempDir Path scratch;
  private Shell shell;

  @BeforeAll
  static void install() {
    Release release = Release.unpack(place, new Shell(place));
    target = place.resolve("inställ ning");
    assertThat(release.installWithJava(target, "nosudo").status()).isZero();
    launcher = target.resolve("exec/deferred-sync");
    version = target.resolve("lib").resolve(release.build());
  }

  @BeforeEach
  void openShell() {
    shell = new Shell(scratch);
  }

  private Outcome launch(Map<String, String> environment, Object... command) {
    return shell.run(environment, java.util.Arrays.stream(command).map(Object::toString).toList());
  }

  @Test
  void launch_findsItsHome_throughAChainOfLinks() throws IOException {
    FakeJava java = FakeJava.make(scratch.resolve("java"), "17.0.1", "printf '%s\\n' \"$@\"");
    Path first = Files.createSymbolicLink(place.resolve("first"), launcher);
    Path second = Files.createDirectory(place.resolve("sub")).resolve("second");
    Files.createSymbolicLink(second, Path.of("../first"));

    for (Object each : List.of(launcher, first, second)) {
      assertThat(launch(java.environment(), each, "a b", "*", "").out())
          .contains("-Ddeferredsync.home=" + target + "\n")
          .endsWith("\na b\n*\n\n");
    }
    Outcome relative =
        launch(
            java.environment(),
            "/bin/sh",
            "-c",
            "cd \"$0\" && exec ./second",
            place.resolve("sub"));
    assertThat(relative.out()).contains("-Ddeferredsync.home=" + target + "\n");
  }

  @Test
  void launch_passesUmaskAndStatus() {
    FakeJava java = FakeJava.make(scratch.resolve("java"), "17.0.1", "umask; exit 7");

    assertThat(launch(java.environment(), "/bin/sh", "-c", "umask 027; exec \"$0\"", launcher))
        .isEqualTo(new Outcome(7, "0027\n", ""));
  }

  @Test
  void launch_isNotLedAstray_byAHostileEnvironment() throws IOException {
    Path trap = Files.createDirectory(scratch.resolve("trap"));
    Path canary = scratch.resolve("canary");
    for (String name : List.of("java", "readlink", "flock", "ls", "id", "sh", "bin/java")) {
      Files.createDirectories(trap.resolve(name).getParent());
      Files.writeString(trap.resolve(name), "#!/bin/sh\ntouch " + canary + "\n");
      assertThat(trap.resolve(name).toFile().setExecutable(true)).isTrue();
    }
    Map<String, String> hostile =
        Map.ofEntries(
            Map.entry("PATH", ".::" + "relative/bin:"),
            Map.entry("JAVA_HOME", "."),
            Map.entry("JAVA_TOOL_OPTIONS", "-XshowSettings:all"),
            Map.entry("_JAVA_OPTIONS", "-XshowSettings:all"),
            Map.entry("JDK_JAVA_OPTIONS", "-XshowSettings:all"),
            Map.entry("_JAVA_LAUNCHER_DEBUG", "1"),
            Map.entry("CLASSPATH", trap.toString()),
            Map.entry("ENV", trap.resolve("sh").toString()),
            Map.entry("BASH_ENV", trap.resolve("sh").toString()),
            Map.entry("IFS", "/"),
            Map.entry("LC_ALL", "C"));

    Outcome expected = launch(Map.of(), launcher, "--version");
    Outcome outcome = launch(hostile, "/usr/bin/env", "-C", trap, "/bin/sh", launcher, "--version");

    assertThat(outcome).isEqualTo(expected);
    assertThat(outcome.status()).isZero();
    assertThat(outcome.err()).isEmpty();
    assertThat(canary).doesNotExist();
  }

  @Test
  void launch_cleansTheEnvironment_ofWhatItHandsOn() {
    FakeJava java = FakeJava.make(scratch.resolve("java"), "17.0.1", "env");
    Map<String, String> environment = new HashMap<>(java.environment());
    environment.put("PATH", "/opt/own/bin:.:tools:");
    environment.put("LD_PRELOAD", "libm.so.6");
    environment.put("LD_LIBRARY_PATH", "/tmp");
    environment.put("LC_ALL", "C");
    environment.put("KEPT", "yes");

    assertThat(launch(environment, launcher).out().lines())
        .contains(
            "KEPT=yes",
            "LC_ALL=C.UTF-8",
            "PATH=/opt/own/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .noneMatch(line -> line.startsWith("LD_"));
  }

  @Test
  void launch_refusesARuntimeThatIsTooOld_inOneLine() {
    FakeJava java = FakeJava.make(scratch.resolve("java"), "11.0.27", "echo started");

    Outcome outcome = launch(java.environment(), launcher);

    assertThat(outcome.status()).isEqualTo(3);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .startsWith("[ERROR] deferred-sync: DEFERRED_SYNC_JAVA_HOME=" + java.home())
        .hasLineCount(1);
  }

  @Test
  void launch_takesTheNewestRuntime_andSaysWhatToInstallWithoutOne() {
    assumeTrue(isRoot(), "only root can put other runtimes in the place of the system's");
    for (String version : List.of("1.8.0_452", "11.0.27", "17.0.9", "21.0.7", "21.0.12", "9")) {
      FakeJava.make(scratch.resolve("jvm/" + version), version, "echo " + version);
    }
    FakeJava.make(scratch.resolve("old/11"), "11.0.27", "echo 11");
    String script =
        """
        mount --make-rprivate / && mount --bind "$1" /usr/lib/jvm && exec "$2"
        """;

    Outcome several =
        launch(
            Map.of(),
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            scratch.resolve("jvm"),
            launcher);
    Outcome none =
        launch(
            Map.of(),
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            scratch.resolve("old"),
            launcher);

    assertThat(several).isEqualTo(new Outcome(0, "21.0.12\n", ""));
    assertThat(none.status()).isEqualTo(3);
    assertThat(none.err())
        .startsWith("[ERROR] deferred-sync: no Java runtime of 17 or newer found; install one")
        .hasLineCount(1);
  }

  @Test
  void launch_saysNothingOfItsOwn_withAnyRuntimeHere() throws IOException {
    Outcome expected = launch(Map.of(), launcher, "--version");
    assertThat(expected.status()).isZero();
    try (var runtimes = Files.newDirectoryStream(Path.of("/usr/lib/jvm"))) {
      for (Path runtime : runtimes) {
        Outcome outcome =
            launch(Map.of("DEFERRED_SYNC_JAVA_HOME", runtime.toString()), launcher, "--version");
        if (outcome.status() != 3) {
          assertThat(outcome).as("%s", runtime).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void launch_saysNothing_whenClassDataIsDamaged() throws IOException {
    Outcome expected = launch(Map.of(), launcher, "--version");
    Path archive = version.resolve("classes.jsa");
    byte[] whole = Files.readAllBytes(archive);
    byte[] damaged = whole.clone();
    for (int i = 0; i < damaged.length; i += 512) {
      damaged[i] ^= 0x55;
    }
    try {
      for (byte[] content : List.of(damaged, new byte[0], new byte[100])) {
        Files.write(archive, content);
        assertThat(launch(Map.of(), launcher, "--version")).isEqualTo(expected);
      }
    } finally {
      Files.write(archive, whole);
    }
  }

  @Test
  void launch_usesTheClassData() {
    Outcome outcome =
        launch(
            Map.of(),
            "strace",
            "-f",
            "-e",
            "trace=open,openat",
            "-o",
            scratch.resolve("trace"),
            launcher,
            "--version");

    assertThat(outcome.status()).isZero();
    assertThat(scratch.resolve("trace"))
        .content()
        .contains(version.resolve("classes.jsa").getFileName().toString());
  }

  @Test
  void launch_failsInOneLine_whenItsVersionIsMissing() throws IOException {
    Path other = Files.createDirectories(scratch.resolve("other/exec")).resolve("deferred-sync");
    Files.copy(launcher, other);

    Outcome outcome = launch(Map.of(), "/bin/sh", other);

    assertThat(outcome.status()).isEqualTo(3);
    assertThat(outcome.err()).startsWith("[ERROR] deferred-sync: ").hasLineCount(1);
  }

  @Test
  void launch_startsAgain_whenAnUpgradeRemovesItsVersion() throws IOException {
    FakeJava java = FakeJava.make(scratch.resolve("java"), "17.0.1", "echo \"$4\"");
    Path old = scratch.resolve("old");
    Files.writeString(
        old, Files.readString(launcher).replace(version.getFileName().toString(), "0.9-1"));

    Outcome outcome = launch(java.environment(), "/bin/sh", "-c", ". \"$1\"", launcher, old);

    assertThat(outcome.status()).isZero();
    assertThat(outcome.err()).isEmpty();
  }

  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }
}
