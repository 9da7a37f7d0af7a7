package org.deferredsync.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.FakePlugin;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.SystemCommandRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
final class JobTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("ROOT");

  @AfterEach
  void closeLog() {
    log.close();
  }

  private JobResult run(Map<String, String> settings, List<Plugin> plugins) {
    return new Job(
            "host.example",
            plugins,
            new PluginRunner(Duration.ofSeconds(20)),
            PluginContexts.context(
                directory,
                LoggerFactory.getLogger("job"),
                new SystemCommandRunner(System.getenv()),
                settings))
        .run(List.of("a note"), () -> "SIGTERM", (result, end) -> {});
  }

  private static Plugin returning(String name, ReturnCode code) {
    return new FakePlugin(name, 1, context -> code);
  }

  private Path script(String name, int status) throws Exception {
    return Files.writeString(directory.resolve(name), "echo " + name + "\nexit " + status + "\n");
  }

  @Test
  void run_keepsFirstNonzeroCode_andListsAllThatFailed() {
    JobResult result =
        run(
            Map.of(),
            List.of(
                returning("a", ReturnCode.SUCCESS),
                returning("b", ReturnCode.NETWORK),
                returning("c", ReturnCode.FAILURE),
                returning("d", ReturnCode.PREREQUISITE)));

    assertThat(result.code()).isEqualTo(ReturnCode.NETWORK);
    assertThat(result.verdict())
        .isEqualTo("3 of 4 failed: b with status 2, c with status 1, d with status 3.");
    assertThat(log.lines().get(0)).isEqualTo("INFO job: Job started on host.example.");
    assertThat(log.lines().get(1)).isEqualTo("WARN job: a note");
    assertThat(log.lines())
        .containsSubsequence(
            "INFO job: Plugins started.",
            "INFO job: Plugin: a started.",
            "INFO job: Plugin: a completed successfully.",
            "INFO job: Plugin: b started.",
            "WARN job: Plugin: b exited with status 2.",
            "WARN job: Plugin: c exited with status 1.",
            "WARN job: Plugin: d exited with status 3.",
            "WARN job: Plugins exited with status 2.",
            "WARN job: " + result.verdict());
    assertThat(log.lines().get(log.lines().size() - 1))
        .startsWith("INFO job: Job ended on host.example with status 2 after ");
  }

  @Test
  void run_runsHooksAround_andTheyCountLikePlugins() throws Exception {
    JobResult result =
        run(
            Map.of(
                "STARTSCRIPT", script("first", 3).toString(),
                "ENDSCRIPT", script("last", 99).toString()),
            List.of(returning("a", ReturnCode.NETWORK)));

    assertThat(result.code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(result.outcomes())
        .extracting(PluginOutcome::name)
        .containsExactly("first", "a", "last");
    assertThat(log.lines())
        .containsSubsequence(
            "INFO job: Before script started.",
            "INFO first: | first",
            "WARN job: Before script exited with status 3.",
            "INFO job: Plugin: a started.",
            "INFO job: After script started.",
            "INFO last: | last",
            "WARN last: " + directory + "/last exited with status 99.",
            "WARN job: After script exited with status 1.");
  }

  @Test
  void run_saysForWhomSeesNoLog_howAHookEnded() throws Exception {
    Path first = script("first", 7);
    JobResult result = run(Map.of("STARTSCRIPT", first.toString()), List.of());

    assertThat(result.complaint())
        .isEqualTo("1 of 1 failed: first with status 1. first: " + first + " exited with status 7");
  }

  @Test
  void run_isPrerequisite_whenHookIsSetButAbsent() {
    JobResult result = run(Map.of("STARTSCRIPT", directory + "/absent"), List.of());

    assertThat(result.code()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(log.lines())
        .anyMatch(line -> line.startsWith("WARN absent: " + directory + "/absent"));
  }

  @Test
  void run_succeeds_withoutHooksAndPlugins() {
    assertThat(run(Map.of("STARTSCRIPT", "", "ENDSCRIPT", " "), List.of()).code())
        .isEqualTo(ReturnCode.SUCCESS);
  }

  @Test
  void run_tellsPluginsWhatBecameOfTheOnesBefore() {
    List<List<PluginOutcome>> seen = new ArrayList<>();
    Plugin looking =
        new FakePlugin(
            "looking",
            1,
            context -> {
              seen.add(context.earlier());
              return ReturnCode.SUCCESS;
            });
    run(Map.of(), List.of(looking, returning("b", ReturnCode.NETWORK), looking));

    assertThat(seen.get(0)).isEmpty();
    assertThat(seen.get(1)).extracting(PluginOutcome::name).containsExactly("looking", "b");
    assertThat(seen.get(1)).extracting(PluginOutcome::code).endsWith(ReturnCode.NETWORK);
  }

  @Test
  void run_runsNothingMore_whenInterrupted() throws Exception {
    Thread job = Thread.currentThread();
    Plugin ending =
        new FakePlugin(
            "ending",
            1,
            context -> {
              job.interrupt();
              Thread.sleep(30_000);
              return ReturnCode.SUCCESS;
            });
    JobResult result =
        run(
            Map.of("ENDSCRIPT", script("last", 0).toString()),
            List.of(ending, returning("b", ReturnCode.SUCCESS)));

    assertThat(result.signal()).contains("SIGTERM");
    assertThat(result.code()).isEqualTo(ReturnCode.FAILURE);
    assertThat(result.status()).isEqualTo(128 + 15);
    assertThat(result.verdict())
        .isEqualTo("Ended by SIGTERM. 1 of 1 failed: ending with status 1.");
    assertThat(log.lines())
        .anyMatch(line -> line.contains("Job ended on host.example with status 143 "));
    assertThat(log.lines())
        .noneMatch(line -> line.contains("Plugin: b"))
        .noneMatch(l -> l.contains("| last"));
    assertThat(log.lines())
        .contains("WARN job: SIGTERM: what was running has been ended, the rest is not run.");
    assertThat(Thread.interrupted()).isFalse();
  }
}
