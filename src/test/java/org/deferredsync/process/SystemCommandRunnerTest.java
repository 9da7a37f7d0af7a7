package org.deferredsync.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class SystemCommandRunnerTest {
  @TempDir Path directory;

  private final List<String> output = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();

  private CommandResult run(Command command) throws InterruptedException {
    return run(command, System.getenv());
  }

  private CommandResult run(Command command, Map<String, String> environment)
      throws InterruptedException {
    return new SystemCommandRunner(environment).run(command, output::add, errors::add);
  }

  private static Command sh(String script, String... arguments) {
    List<String> all = new ArrayList<>(List.of("sh", "-c", script, "sh"));
    all.addAll(List.of(arguments));
    return Command.of(all);
  }

  @Test
  void run_givesLinesOfBothStreamsAndStatus() throws Exception {
    CommandResult result = run(sh("echo one; echo two >&2; printf three; exit 7"));

    assertThat(result.ending()).isEqualTo(new Ending.Exited(7));
    assertThat(result.succeeded()).isFalse();
    assertThat(result.describe()).isEqualTo("exited with status 7");
    assertThat(output).containsExactly("one", "three");
    assertThat(errors).containsExactly("two");
    assertThat(result.leftovers()).isEmpty();
  }

  @Test
  void run_passesArgumentsLiterally() throws Exception {
    run(Command.of("printf", "%s\\n", "a b", "$(id)", "`id`", "*", "", "-n"));

    assertThat(output).containsExactly("a b", "$(id)", "`id`", "*", "", "-n");
  }

  @Test
  void run_hasEmptyInput_unlessGiven() throws Exception {
    assertThat(run(Command.of("cat")).succeeded()).isTrue();
    assertThat(output).isEmpty();

    run(Command.of("cat").reading("fed\n".getBytes(StandardCharsets.UTF_8)));
    assertThat(output).containsExactly("fed");
  }

  @Test
  void run_succeeds_whenLargeInputIsNotRead() throws Exception {
    assertThat(run(Command.of("true").reading(new byte[1 << 22])).succeeded()).isTrue();
  }

  @Test
  void run_tellsSignal() throws Exception {
    assertThat(run(sh("kill -9 $$")).ending()).isEqualTo(new Ending.Signalled(9));
  }

  @Test
  void run_tellsAbsentFromNotExecutable() throws Exception {
    Path plain = Files.writeString(directory.resolve("plain"), "#!/bin/sh\n");
    Path unusable = Files.writeString(directory.resolve("unusable"), "#!/nowhere/interpreter\n");
    Files.setPosixFilePermissions(unusable, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(run(Command.of("no-such-program-here")).ending())
        .isEqualTo(new Ending.Absent("no-such-program-here"));
    assertThat(run(Command.of(directory + "/absent")).ending()).isInstanceOf(Ending.Absent.class);
    assertThat(run(Command.of(plain.toString())).describe()).contains("is not executable");
    assertThat(run(Command.of(unusable.toString())).ending()).isInstanceOf(Ending.NotStarted.class);
  }

  @Test
  void run_looksForProgramsInKnownDirectoriesOnly() throws Exception {
    Path fake = Files.writeString(directory.resolve("uname"), "#!/bin/sh\necho forged\n");
    Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));

    run(Command.of("uname").in(directory), Map.of("PATH", ".:" + directory));

    assertThat(output).doesNotContain("forged").hasSize(1);
  }

  @Test
  void run_scrubsEnvironment() throws Exception {
    Map<String, String> given = new TreeMap<>();
    given.put("HOME", "/root");
    for (String name :
        List.of(
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "JAVA_TOOL_OPTIONS",
            "_JAVA_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "RSYNC_RSH",
            "BASH_ENV",
            "ENV",
            "LOGBACK_CONFIG_FILE",
            "BASH_FUNC_ls%%",
            "DB_PASS",
            "some_password",
            "MYSQL_PWD",
            "PGPASSWORD",
            "API_TOKEN")) {
      given.put(name, "x");
    }
    run(Command.of("env").with("ADDED", "yes").without(Set.of("HOME")), given);

    assertThat(output)
        .contains("ADDED=yes", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PATH=" + ChildEnvironment.PATH)
        .noneMatch(line -> line.endsWith("=x") || line.startsWith("HOME="))
        .hasSize(5);
  }

  @Test
  void run_endsWholeTree_whenTimeIsOver() throws Exception {
    Path pids = directory.resolve("pids");
    CommandResult result =
        run(
            sh(
                    "trap '' TERM; (trap '' TERM; sleep 100) & echo $! >> \"$1\";"
                        + " setsid sh -c 'echo $$ >> \"$1\"; exec sleep 100' sh \"$1\" & wait; wait",
                    pids.toString())
                .within(Duration.ofMillis(2500)));

    assertThat(result.ending()).isInstanceOf(Ending.TimedOut.class);
    assertThat(result.describe()).isEqualTo("ran longer than 2.5s and was ended");
    assertThat(result.elapsed()).isLessThan(Duration.ofSeconds(50));
    assertThat(Files.readAllLines(pids)).hasSize(2).noneMatch(SystemCommandRunnerTest::isRunning);
  }

  @Test
  void run_endsAndNamesChildrenLeftBehind() throws Exception {
    Path pids = directory.resolve("pids");
    CommandResult result =
        run(
            sh(
                "running() { until grep -q sleep /proc/$1/comm; do :; done; }\n"
                    + "setsid sh -c 'sleep 100 & echo $!' > \"$1.other\" 2>&1;"
                    + " sleep 100 & echo $! > \"$1\"; running $!;"
                    + " running $(cat \"$1.other\"); exit 0",
                pids.toString()));

    assertThat(result.succeeded()).isTrue();
    assertThat(result.leftovers()).hasSize(2).allMatch(name -> name.contains("sleep"));
    assertThat(Files.readAllLines(pids)).hasSize(1).noneMatch(SystemCommandRunnerTest::isRunning);
    assertThat(result.elapsed()).isLessThan(Duration.ofSeconds(50));
  }

  @Test
  void run_leavesServicesAlone_ofACommandThatStartsThem() throws Exception {
    Path pid = directory.resolve("pid");
    CommandResult result =
        run(
            sh("setsid sleep 100 >/dev/null 2>&1 & echo $! >\"$1\"", pid.toString())
                .leavingServices());
    String service = Files.readString(pid).strip();
    try {
      assertThat(result.succeeded()).isTrue();
      assertThat(result.leftovers()).isEmpty();
      assertThat(isRunning(service)).isTrue();
    } finally {
      ProcessHandle.of(Long.parseLong(service)).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  @Test
  void run_endsChildrenThatAreStillItsOwn_alsoOfACommandThatStartsServices() throws Exception {
    Path pids = directory.resolve("pids");
    CommandResult result =
        run(
            sh("echo $$ >\"$1\"; sleep 100 & echo $! >>\"$1\"; wait", pids.toString())
                .leavingServices()
                .within(Duration.ofMillis(2500)));

    assertThat(result.ending()).isInstanceOf(Ending.TimedOut.class);
    assertThat(Files.readAllLines(pids)).hasSize(2).noneMatch(SystemCommandRunnerTest::isRunning);
  }

  private static boolean isRunning(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid, "stat"));
      return !stat.contains(") Z ");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void run_endsTree_whenInterrupted() throws Exception {
    Path pid = directory.resolve("pid");
    List<Throwable> thrown = new ArrayList<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                run(sh("echo $$ > \"$1\"; sleep 100; true", pid.toString()));
              } catch (Throwable e) {
                thrown.add(e);
              }
            });
    thread.start();
    while (!Files.exists(pid) || Files.size(pid) == 0) {
      Thread.sleep(10);
    }
    thread.interrupt();
    thread.join(50_000);

    assertThat(thread.isAlive()).isFalse();
    assertThat(thrown).singleElement().isInstanceOf(InterruptedException.class);
    assertThat(isRunning(Files.readString(pid).strip())).isFalse();
  }

  @Test
  void run_handsOverBytesAsTheyAre_toTheLastOne() throws Exception {
    AtomicLong sum = new AtomicLong();
    AtomicLong count = new AtomicLong();
    CommandResult result =
        run(
            sh("head -c 3000000 /dev/zero | tr '\\0' '\\377'; echo said >&2; printf '\\n\\000'")
                .writingTo(
                    (bytes, length) -> {
                      count.addAndGet(length);
                      for (int i = 0; i < length; i++) {
                        sum.addAndGet(bytes[i]);
                      }
                      // The program has long ended while the last bytes are still being kept.
                      pause(count.get() == 3_000_002 ? 2500 : 0);
                    }));

    assertThat(result.succeeded()).isTrue();
    assertThat(count.get()).isEqualTo(3_000_002);
    assertThat(sum.get()).isEqualTo(-3_000_000 + '\n');
    assertThat(output).isEmpty();
    assertThat(errors).containsExactly("said");
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void run_endsAtOnce_whenItsOutputCannotBeKept() throws Exception {
    CommandResult result =
        run(
            sh("trap '' PIPE; yes 2>&1; sleep 100")
                .writingTo(
                    (bytes, length) -> {
                      throw new IOException("no space left");
                    }));

    assertThat(result.ending()).isInstanceOf(Ending.Broken.class);
    assertThat(result.describe()).isEqualTo("was ended: no space left");
    assertThat(result.elapsed()).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void run_doesNotSucceed_whereABugMeetsItsStreams() {
    // The first one has written all and ends well, whether or not that is taken.
    assertThatThrownBy(
            () ->
                run(
                    Command.of("echo", "all")
                        .writingTo(
                            (bytes, length) -> {
                              throw new IllegalStateException("taking");
                            })))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("taking");
    assertThatThrownBy(
            () ->
                run(
                    Command.of("cat")
                        .reading(
                            input -> {
                              input.write('x');
                              throw new IllegalStateException("giving");
                            })))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("giving");
  }

  @Test
  void run_isFedAStream_andEndsWhenThatCannotBeRead() throws Exception {
    Command counting =
        Command.of("wc", "-c")
            .reading(
                input -> {
                  for (int i = 0; i < 1000; i++) {
                    input.write(new byte[10_000]);
                  }
                });
    assertThat(run(counting).succeeded()).isTrue();
    assertThat(output).containsExactly("10000000");

    CommandResult result =
        run(
            Command.of("cat")
                .reading(
                    input -> {
                      input.write('x');
                      throw new IOException("torn");
                    })
                .writingTo((bytes, length) -> {}));
    assertThat(result.describe()).isEqualTo("was ended: torn");

    assertThat(run(Command.of("true").reading(input -> input.write(new byte[1 << 22]))).succeeded())
        .isTrue();
  }

  @Test
  void run_standsFloodOnBothStreams_inLittleMemory() throws Exception {
    AtomicLong bytes = new AtomicLong();
    CommandResult result =
        new SystemCommandRunner(System.getenv())
            .run(
                sh("head -c 300000000 /dev/zero >&2 & head -c 100000000 /dev/zero; wait"),
                line -> bytes.addAndGet(line.length()),
                line -> bytes.addAndGet(line.length()));

    assertThat(result.succeeded()).isTrue();
    assertThat(bytes.get()).isLessThan(10 * Lines.LONGEST);
  }

  @Test
  void run_endsChildThatFloodsAfterItsParent() throws Exception {
    Path pid = directory.resolve("pid");
    AtomicLong lines = new AtomicLong();
    CommandResult result =
        new SystemCommandRunner(System.getenv())
            .run(
                sh("yes & echo $! > \"$1\"; exit 0", pid.toString()),
                line -> lines.incrementAndGet(),
                errors::add);

    assertThat(result.succeeded()).isTrue();
    assertThat(result.elapsed()).isLessThan(Duration.ofSeconds(50));
    assertThat(isRunning(Files.readString(pid).strip())).isFalse();
  }

  @Test
  void run_drainsAndRethrows_whenConsumerFails() {
    assertThatThrownBy(
            () ->
                new SystemCommandRunner(System.getenv())
                    .run(
                        sh("yes | head -n 100000"),
                        line -> {
                          throw new IllegalStateException("consumer");
                        },
                        errors::add))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("consumer");
  }

  @Test
  void command_refusesRelativeProgramsAndNul() {
    assertThatThrownBy(() -> Command.of("bin/x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Command.of("echo", "a\0b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Command.of(List.of())).isInstanceOf(IllegalArgumentException.class);
  }
}
