package org.deferredsync.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.process.Command;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
final class PluginRunnerTest {
  private static final Duration GRACE = Duration.ofSeconds(30);

  @TempDir Path directory;

  private final LogCapture log = new LogCapture("p");

  @AfterEach
  void closeLog() {
    log.close();
  }

  private PluginOutcome run(Duration limit, FakePlugin.Task task) throws InterruptedException {
    return run(limit, GRACE, task);
  }

  private PluginOutcome run(Duration limit, Duration grace, FakePlugin.Task task)
      throws InterruptedException {
    PluginContext context =
        PluginContexts.context(
            directory, log.logger(), new SystemCommandRunner(System.getenv()), Map.of());
    return new PluginRunner(limit, grace).run(new FakePlugin("p", 1, task), context);
  }

  private PluginOutcome run(FakePlugin.Task task) throws InterruptedException {
    return run(Duration.ofSeconds(30), task);
  }

  @Test
  void run_passesCodeOn() throws Exception {
    assertThat(run(context -> ReturnCode.NETWORK).code()).isEqualTo(ReturnCode.NETWORK);
    assertThat(log.lines()).isEmpty();
  }

  static Stream<Arguments> thrown() {
    return Stream.of(
        Arguments.of(new PluginException(ReturnCode.NETWORK, "x"), ReturnCode.NETWORK, "WARN p: x"),
        Arguments.of(new SettingException("y"), ReturnCode.PREREQUISITE, "WARN p: y"),
        Arguments.of(new IOException("z"), ReturnCode.FAILURE, "ERROR p: IOException: z"),
        Arguments.of(
            new IllegalStateException("a\nb"),
            ReturnCode.FAILURE,
            "ERROR p: A fault in the plugin, please report it: IllegalStateException: a\\x0ab"),
        Arguments.of(
            new NoClassDefFoundError("c"),
            ReturnCode.FAILURE,
            "ERROR p: A fault in the plugin, please report it: NoClassDefFoundError: c"),
        Arguments.of(
            new OutOfMemoryError("d"),
            ReturnCode.FAILURE,
            "ERROR p: A fault in the plugin, please report it: OutOfMemoryError: d"));
  }

  @ParameterizedTest
  @MethodSource("thrown")
  void run_makesCodeAndOneLine_ofWhateverIsThrown(Throwable thrown, ReturnCode code, String line)
      throws Exception {
    assertThat(run(context -> throwAny(thrown)).code()).isEqualTo(code);
    assertThat(log.lines()).containsExactly(line);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> ReturnCode throwAny(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void run_standsStackOverflow() throws Exception {
    assertThat(run(context -> List.of(ReturnCode.SUCCESS).get(deeper(0))).code())
        .isEqualTo(ReturnCode.FAILURE);
    assertThat(log.lines()).singleElement().asString().contains("StackOverflowError");
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int deeper(int depth) {
    return deeper(depth + 1) + 1;
  }

  @Test
  void run_interruptsPluginWithItsChildren_whenTimeIsOver() throws Exception {
    PluginOutcome outcome =
        run(
            Duration.ofMillis(500),
            context -> {
              context.run(Command.of("sleep", "100"));
              return ReturnCode.SUCCESS;
            });

    assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(outcome.elapsed()).isLessThan(Duration.ofSeconds(50));
    assertThat(log.lines())
        .containsExactly(
            "WARN p: It ran longer than 0.5s (PLUGIN_TIMEOUT) and is ended.",
            "WARN p: Interrupted.");
    assertThat(ProcessHandle.current().children()).noneMatch(PluginRunnerTest::isRunning);
  }

  @Test
  void run_believesNoSuccess_ofWhatWasTold_toEnd() throws Exception {
    Semaphore never = new Semaphore(0);
    PluginOutcome outcome =
        run(
            Duration.ofMillis(100),
            context -> {
              try {
                never.acquire();
              } catch (InterruptedException e) {
                context.log().info("giving up");
              }
              return ReturnCode.SUCCESS;
            });

    assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(outcome.reason()).contains("PLUGIN_TIMEOUT");
    assertThat(log.lines()).contains("INFO p: giving up");
  }

  @Test
  void run_leavesThreadAlone_thatDoesNotEnd() throws Exception {
    Semaphore released = new Semaphore(0);
    try {
      PluginOutcome outcome =
          run(
              Duration.ofMillis(100),
              Duration.ofSeconds(1),
              context -> {
                released.acquireUninterruptibly();
                return ReturnCode.SUCCESS;
              });
      assertThat(outcome.code()).isEqualTo(ReturnCode.FAILURE);
      assertThat(log.lines())
          .contains("WARN p: It does not end when told to, and is left alone until the job ends.");
    } finally {
      released.release();
    }
  }

  @Test
  void run_endsProcessesThatPluginStartedByItself() throws Exception {
    Path pid = directory.resolve("pid");
    PluginOutcome outcome =
        run(
            context -> {
              Process process = new ProcessBuilder("sleep", "100").start();
              Files.writeString(pid, Long.toString(process.pid()));
              return ReturnCode.SUCCESS;
            });

    assertThat(outcome.code()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(log.lines())
        .singleElement()
        .asString()
        .startsWith("WARN p: It left processes behind, which have been ended: ");
    assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid))).stream())
        .noneMatch(PluginRunnerTest::isRunning);
  }

  /** One that has ended is a zombie until a thread of this JVM gets to it. */
  private static boolean isRunning(ProcessHandle process) {
    try {
      return !Files.readString(Path.of("/proc", process.pid() + "", "stat")).contains(") Z ");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void run_endsPlugin_whenItsOwnThreadIsInterrupted() {
    Thread job = Thread.currentThread();
    assertThatThrownBy(
            () ->
                run(
                    context -> {
                      job.interrupt();
                      context.run(Command.of("sleep", "100"));
                      return ReturnCode.SUCCESS;
                    }))
        .isInstanceOf(InterruptedException.class);
    assertThat(log.lines()).containsExactly("WARN p: Interrupted.");
    assertThat(ProcessHandle.current().children()).noneMatch(PluginRunnerTest::isRunning);
  }
}
