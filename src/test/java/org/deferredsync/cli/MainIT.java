package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.deferredsync.plugin.PluginJar;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process, started below umask 000 and without a terminal, as cron would. */
@Timeout(120)
final class MainIT {
  private static final String CANARY = "canary7421";

  @TempDir Path temporary;

  private Path home;
  private Path log;
  private final List<Process> started = new ArrayList<>();
  private final Map<String, String> variables = new TreeMap<>();

  /** What a process printed and how it ended. */
  private record Ran(int status, String out, String err) {}

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createDirectories(temporary.resolve("home"));
    Files.createDirectories(home.resolve("config"));
    Files.createDirectories(home.resolve("lib/plugins"));
    log = Files.createDirectories(home.resolve("log")).resolve("sync.log");
  }

  @AfterEach
  void endProcesses() {
    started.forEach(process -> process.descendants().forEach(ProcessHandle::destroyForcibly));
    started.forEach(Process::destroyForcibly);
  }

  private void configure(String... lines) throws IOException {
    Files.writeString(
        home.resolve("config/sync.conf"),
        "JOBLOG=$SCRIPT_HOME/log/sync.log\nSTARTSCRIPT=\nENDSCRIPT=\nEXCLUDEFILE=\nPLUGINS=\n"
            + String.join("\n", lines)
            + "\n");
  }

  private void script(String name, String text) throws IOException {
    Path script = Files.writeString(home.resolve("lib/plugins").resolve(name), text);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "/bin/sh",
                "-c",
                "umask 000; exec \"$@\"",
                "sh",
                "env",
                "--default-signal=HUP,INT,TERM", // nohup and background jobs let some be ignored
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-Ddeferredsync.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(temporary.resolve("out" + started.size()).toFile())
            .redirectError(temporary.resolve("err" + started.size()).toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Ran end(Process process) throws Exception {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    int index = started.indexOf(process);
    return new Ran(
        process.exitValue(),
        Files.readString(temporary.resolve("out" + index), StandardCharsets.UTF_8),
        Files.readString(temporary.resolve("err" + index), StandardCharsets.UTF_8));
  }

  private Ran run(String... arguments) throws Exception {
    return end(start(arguments));
  }

  /** Waits for what the process does; one that ends without having done it fails the test. */
  private void await(Process process, Callable<Boolean> done) throws Exception {
    while (!done.call()) {
      assertThat(process.isAlive() || done.call())
          .as("ended too early: %s", started.indexOf(process))
          .isTrue();
      Thread.sleep(20);
    }
  }

  @Test
  void job_isSilent_onSuccess() throws Exception {
    configure("PLUGINS=hello");
    script("50_hello", "#!/bin/sh\necho hi\n");
    Ran ran = run();

    assertThat(ran).isEqualTo(new Ran(0, "", ""));
    List<String> lines = Files.readAllLines(log);
    assertThat(lines)
        .allMatch(
            line ->
                line.matches(
                    "\\[(INFO|WARN|ERROR)] \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d\\d:\\d\\d"
                        + " [a-z_]+: .*"));
    assertThat(lines.get(0)).contains(" job: Job started on ");
    assertThat(lines).anyMatch(line -> line.endsWith(" hello: | hi"));
    assertThat(lines.get(lines.size() - 1)).contains(" job: Job ended on ");
  }

  @Test
  void job_printsOneLine_andHasFirstNonzeroStatus_onTrouble() throws Exception {
    configure("PLUGINS='two unknown one'");
    script("50_one", "#!/bin/sh\nexit 1\n");
    script("60_two", "#!/bin/sh\nexit 2\n");
    Ran ran = run("run", "config/sync.conf");

    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err())
        .isEqualTo(
            "deferred-sync: 3 of 3 failed: two with status 2, unknown with status 3, one with"
                + " status 1. unknown: There is no plugin of the name \"unknown\"; correct it,"
                + " or see \"deferred-sync plugins\" for those there are\n");
  }

  @Test
  void job_keepsSecretsFromChildren_andFromTheLog() throws Exception {
    configure("PLUGINS=look", "MYSQL_PASS=" + CANARY);
    variables.put("OTHER_TOKEN", CANARY);
    script("50_look", "#!/bin/sh\nenv\ncat /proc/*/cmdline 2>/dev/null | tr '\\0' ' '\n");
    Ran ran = run("-v");

    assertThat(ran.status()).isZero();
    assertThat(Files.readString(log)).contains("DRY_RUN=false").doesNotContain(CANARY);
    Ran shown = run("config", "show");
    assertThat(shown.out()).contains("MYSQL_PASS=").doesNotContain(CANARY);
  }

  @Test
  void job_makesNothingThatOthersCanWrite_whateverTheUmask() throws Exception {
    configure("PLUGINS=look");
    script(
        "50_look",
        """
        #!/bin/sh
        stat -c %a "$DEFERRED_SYNC_SECRETS" "${DEFERRED_SYNC_SECRETS%/*}" \
          "${DEFERRED_SYNC_SECRETS%/*/*}"
        umask
        """);
    assertThat(run().status()).isZero();

    assertThat(Files.readString(log))
        .containsSubsequence("look: | 600", "look: | 700", "look: | 700", "look: | 0000");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
        .isEqualTo("rw-------");
  }

  @Test
  void job_refusesToStart_andRunsNothing() throws Exception {
    assertThat(run().status()).as("no configuration").isEqualTo(3);

    configure("PLUGINS=hello");
    script("50_hello", "#!/bin/sh\ntouch \"$SCRIPT_HOME/ran\"\n");
    Files.setPosixFilePermissions(
        home.resolve("lib/plugins/50_hello"), PosixFilePermissions.fromString("rwxrwxrwx"));
    Ran untrusted = run();
    assertThat(untrusted.status()).isEqualTo(3);
    assertThat(untrusted.err()).hasLineCount(1).contains("50_hello").contains("chmod");
    script("50_hello", "#!/bin/sh\ntouch \"$SCRIPT_HOME/ran\"\n");

    Files.delete(log);
    Files.createDirectory(log);
    Ran unwritable = run();
    assertThat(unwritable.status()).isEqualTo(1);
    assertThat(unwritable.err()).hasLineCount(1).startsWith("[ERROR] ").contains("JOBLOG");
    Files.delete(log);

    Files.createSymbolicLink(log, home.resolve("elsewhere"));
    assertThat(run().status()).as("log is a link").isEqualTo(3);
    Files.delete(log);
    Files.setPosixFilePermissions(log.getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(run().status()).as("log's directory is writable").isEqualTo(3);
    assertThat(home.resolve("ran")).doesNotExist();
  }

  @Test
  void secondJob_endsSoon_andNamesTheFirst() throws Exception {
    configure("PLUGINS=slow");
    script(
        "50_slow",
        """
        #!/bin/sh
        touch "$SCRIPT_HOME/here"
        until [ -e "$SCRIPT_HOME/ended" ]; do sleep 0.1; done
        """);
    Process first = start();
    await(first, () -> Files.exists(home.resolve("here")));
    Ran second = run();
    Files.createFile(home.resolve("ended"));

    assertThat(second.status()).isEqualTo(1);
    assertThat(second.err())
        .hasLineCount(1)
        .contains("another run is in progress (pid " + first.pid() + ", since 2");
    assertThat(end(first).status()).isZero();
  }

  @Test
  void secondJob_waits_whenToldTo() throws Exception {
    configure("PLUGINS=slow");
    Path steps = home.resolve("steps");
    script(
        "50_slow",
        "#!/bin/sh\ncd \"$SCRIPT_HOME\"\necho begun >>steps\nsleep 2\necho ended >>steps\n");
    Process first = start();
    await(first, () -> Files.exists(steps));
    assertThat(run("run", "--wait", "60s").status()).isZero();
    assertThat(end(first).status()).isZero();
    assertThat(steps).hasContent("begun\nended\nbegun\nended");
  }

  @Test
  void signal_endsJobAndChildren_withItsStatus() throws Exception {
    for (Map.Entry<String, Integer> signal :
        Map.of("TERM", 143, "INT", 130, "HUP", 129).entrySet()) {
      Files.deleteIfExists(log);
      configure("PLUGINS='slow after'");
      script(
          "50_slow",
          """
          #!/bin/sh
          trap '' TERM HUP INT
          setsid sleep 300 &
          echo $! $$ > "$SCRIPT_HOME/pids"
          echo up
          wait
          sleep 300
          """);
      script("60_after", "#!/bin/sh\necho after\n");
      Process process = start();
      await(process, () -> Files.exists(log) && Files.readString(log).contains("slow: | up"));
      long start = System.nanoTime();
      new ProcessBuilder("kill", "-" + signal.getKey(), Long.toString(process.pid()))
          .start()
          .waitFor();
      Ran ran = end(process);

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(40));
      assertThat(ran.status()).isEqualTo(signal.getValue());
      assertThat(Files.readString(home.resolve("pids")).strip().split(" "))
          .hasSize(2)
          .noneMatch(MainIT::isRunning);
      assertThat(Files.readString(log))
          .contains("job: SIG" + signal.getKey() + ": what was running has been ended")
          .containsPattern("Job ended on .* with status " + signal.getValue() + " after ")
          .doesNotContain("| after");
      assertThat(ran.err())
          .hasLineCount(1)
          .contains("Ended by SIG" + signal.getKey() + ". 1 of 1 failed: slow with status 1.");
    }
  }

  /** A zombie that the first process of a container has not reaped yet runs no more. */
  private static boolean isRunning(String pid) {
    try {
      return !Files.readString(Path.of("/proc", pid, "stat")).contains(") Z ");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void job_goesOn_whenJavaPluginsExitOrLeaveProcesses() throws Exception {
    configure("PLUGINS='leaver exiter exiter2 last'");
    Path plugins = home.resolve("lib/plugins");
    PluginJar.write(
        plugins.resolve("a.jar"),
        "Leaver",
        "leaver",
        "new ProcessBuilder(\"sleep\", \"300\").start(); return ReturnCode.NETWORK;");
    PluginJar.write(
        plugins.resolve("b.jar"), "Exiter", "exiter", "System.exit(0); return ReturnCode.SUCCESS;");
    PluginJar.write(
        plugins.resolve("c.jar"),
        "Exiter2",
        "exiter2",
        "Runtime.getRuntime().exit(7); return ReturnCode.SUCCESS;");
    script("90_last", "#!/bin/sh\necho here\n");
    Ran ran = run();

    assertThat(ran.status()).isEqualTo(2);
    assertThat(ran.err())
        .isEqualTo(
            "deferred-sync: 3 of 4 failed: leaver with status 2, exiter with status 1, exiter2 with"
                + " status 1. exiter: It tried to end the whole job (System.exit), which goes on"
                + " without it; exiter2: It tried to end the whole job (System.exit), which goes on"
                + " without it\n");
    assertThat(Files.readString(log))
        .contains("leaver: It left processes behind, which have been ended")
        .contains("exiter: It tried to end the whole job (System.exit), which goes on without it.")
        .contains("exiter2: It tried to end the whole job")
        .contains("last: | here")
        .contains("Job ended on ");
  }

  @Test
  void job_goesOn_whenAJarExitsWhileItIsLoaded() throws Exception {
    configure("PLUGINS=last");
    PluginJar.write(
        home.resolve("lib/plugins/a.jar"),
        "Exiter",
        "exiter",
        "return ReturnCode.SUCCESS;",
        "System.exit(0);");
    script("90_last", "#!/bin/sh\necho here\n");
    Ran ran = run("run", "--only", "last");

    assertThat(ran.status()).as(ran.err()).isZero();
    assertThat(Files.readString(log))
        .contains("a.jar: cannot be loaded and is not run: it tried to end the whole job")
        .contains("last: | here")
        .contains("Job ended on ");
  }

  @Test
  void only_runsThoseAlone() throws Exception {
    configure("PLUGINS=a");
    script("50_a", "#!/bin/sh\n");
    script("60_b", "#!/bin/sh\n");

    assertThat(run("run", "--only", "60_b").status()).isZero();
    assertThat(Files.readString(log)).contains("Plugin: b started").doesNotContain("Plugin: a");
    assertThat(run("run", "--only", "nothing").status()).isEqualTo(3);
  }

  @Test
  void dryRun_isToldToScripts() throws Exception {
    configure("PLUGINS=a");
    script("50_a", "#!/bin/sh\necho DRY=$DRY_RUN\n");

    assertThat(run("-n").status()).isZero();
    assertThat(Files.readString(log)).contains("a: | DRY=true").contains("as a dry run");
  }

  @Test
  void notes_areWarnings() throws Exception {
    configure("EXPIREDAY=3", "PLUGINS=show_version");
    script("10_get_resources", "#!/bin/sh\n");

    assertThat(run()).isEqualTo(new Ran(0, "", ""));
    assertThat(Files.readString(log))
        .contains("EXPIREDAY")
        .contains("get_resources is a built-in plugin");
  }

  @Test
  void logback_looksForNoConfiguration() throws Exception {
    configure("PLUGINS=hello");
    script("50_hello", "#!/bin/sh\n");
    Path forged = temporary.resolve("logback.xml");
    Files.writeString(
        forged,
        "<configuration debug=\"true\"><appender name=\"F\" class=\"ch.qos.logback.core.FileAppender\">"
            + "<file>"
            + temporary
            + "/forged.log</file><encoder><pattern>%m</pattern></encoder></appender>"
            + "<root level=\"INFO\"><appender-ref ref=\"F\"/></root></configuration>");
    variables.put("LOGBACK_CONFIG_FILE", forged.toString());
    variables.put("JDK_JAVA_OPTIONS", "-Dlogback.configurationFile=" + forged);

    assertThat(run().out()).isEmpty();
    assertThat(temporary.resolve("forged.log")).doesNotExist();
    assertThat(Files.readString(log)).contains("Job ended on ");
  }

  @Test
  void wrongCommandLine_is64_withAHint() throws Exception {
    for (String[] wrong :
        List.of(
            new String[] {"--nonsense"},
            new String[] {"run", "--wait", "soon"},
            new String[] {"run", "a", "b"},
            new String[] {"config"},
            new String[] {"--color", "blue"})) {
      Ran ran = run(wrong);
      assertThat(ran.status()).as("%s", List.of(wrong)).isEqualTo(64);
      assertThat(ran.err()).hasLineCount(2).contains("--help").doesNotContain("\tat ");
      assertThat(ran.out()).isEmpty();
    }
  }

  @Test
  void helpAndVersion_needNothing() throws Exception {
    assertThat(run("--version").out()).startsWith("deferred-sync ").hasLineCount(1);
    for (String command : List.of("", "run", "plugins", "config")) {
      Ran ran = command.isEmpty() ? run("--help") : run(command, "--help");
      assertThat(ran.status()).isZero();
      assertThat(ran.err()).isEmpty();
      assertThat(ran.out()).startsWith("Usage: deferred-sync").doesNotContain("\u001b");
    }
  }

  @Test
  void plugins_andConfiguration_areShown() throws Exception {
    configure("PLUGINS='get_resources hello'");
    script("50_hello", "#!/bin/sh\n");

    assertThat(run("plugins").out())
        .containsPattern("10  get_resources +enabled")
        .containsPattern("09  show_version +off")
        .containsPattern("50  hello +enabled");
    assertThat(run("plugins", "--json").out())
        .startsWith("[\n{\"number\":9,\"name\":\"show_version\"")
        .contains("\"origin\":\"built-in\"")
        .endsWith("]\n");
    assertThat(run("config", "check").status()).isZero();
    assertThat(run("config", "show", "--json").out()).contains("{\"key\":\"PLUGINS\"");
    configure("EXPIREDAYS=never");
    Ran bad = run("config", "check");
    assertThat(bad.status()).isEqualTo(3);
    assertThat(bad.out()).contains("[ERROR] ").contains("EXPIREDAYS");
  }

  @Test
  void nothingOfOurs_isLeftBehind() throws Exception {
    configure("PLUGINS=hello");
    script("50_hello", "#!/bin/sh\n");
    run();

    try (Stream<Path> made = Files.walk(home)) {
      assertThat(made)
          .noneMatch(
              path -> {
                try {
                  return Files.getPosixFilePermissions(path)
                          .contains(PosixFilePermission.OTHERS_WRITE)
                      || path.toString().contains("secrets");
                } catch (IOException e) {
                  return true;
                }
              });
    }
  }
}
