package org.deferredsync.plugin.upgrade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginContexts;
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

@Timeout(60)
final class FreshclamTest {
  @TempDir Path directory;

  private final LogCapture log = new LogCapture("system_upgrade");
  private final Services services = new Services();

  @AfterEach
  void closeLog() {
    log.close();
  }

  /** A system with freshclam and its service, of which each command can be made to fail. */
  private static final class Services implements CommandRunner {
    private final List<String> ran = new ArrayList<>();
    private boolean installed = true;
    private boolean running = true;
    private String failing = "";
    private boolean interrupted;

    @Override
    public CommandResult run(Command command, Consumer<String> output, Consumer<String> errors)
        throws InterruptedException {
      String line = command.toString();
      ran.add(line);
      if (command.program().equals("freshclam") && !installed) {
        return new CommandResult(new Ending.Absent(command.program()), List.of(), Duration.ZERO);
      }
      if (line.equals("freshclam") && interrupted) {
        throw new InterruptedException();
      }
      boolean asked = line.endsWith("status") || line.contains("is-active");
      int status = line.equals(failing) ? 50 : asked && !running ? 3 : 0;
      if (status == 0 && (line.endsWith("stop") || line.contains(" stop "))) {
        running = false;
      } else if (status == 0 && (line.endsWith("start") || line.contains(" start "))) {
        running = true;
      }
      return new CommandResult(new Ending.Exited(status), List.of(), Duration.ZERO);
    }
  }

  private ReturnCode run(boolean systemd, boolean dryRun) throws InterruptedException {
    return new Freshclam(
            PluginContexts.context(
                directory, log.logger(), services, PluginContexts.settings(Map.of()), dryRun),
            systemd)
        .run();
  }

  @Test
  void run_stopsTheServiceAround() throws Exception {
    assertThat(run(true, false)).isEqualTo(ReturnCode.SUCCESS);
    assertThat(run(false, false)).isEqualTo(ReturnCode.SUCCESS);

    assertThat(services.ran)
        .containsExactly(
            "freshclam --version",
            "systemctl is-active clamav-freshclam",
            "systemctl stop clamav-freshclam",
            "freshclam",
            "systemctl start clamav-freshclam",
            "freshclam --version",
            "service clamav-freshclam status",
            "service clamav-freshclam stop",
            "freshclam",
            "service clamav-freshclam start");
    assertThat(log.lines())
        .as("what a command prints stands below it")
        .containsAll(services.ran.stream().map(l -> "INFO system_upgrade: " + l + ":").toList());
  }

  @Test
  void run_leavesAServiceStopped_thatDidNotRun() throws Exception {
    services.running = false;

    assertThat(run(true, false)).isEqualTo(ReturnCode.SUCCESS);
    assertThat(services.ran).contains("freshclam").noneMatch(line -> line.contains("start"));
  }

  @Test
  void run_startsTheServiceAgain_whateverFails() throws Exception {
    for (String failing : List.of("freshclam", "systemctl stop clamav-freshclam")) {
      services.failing = failing;
      assertThat(run(true, false)).as(failing).isEqualTo(ReturnCode.FAILURE);
      assertThat(services.running).as(failing).isTrue();
    }
    services.failing = "systemctl start clamav-freshclam";
    assertThat(run(true, false)).isEqualTo(ReturnCode.FAILURE);
  }

  @Test
  void run_startsTheServiceAgain_whenInterrupted() {
    services.interrupted = true;

    assertThatThrownBy(() -> run(true, false)).isInstanceOf(InterruptedException.class);
    assertThat(services.running).isTrue();
    assertThat(services.ran).endsWith("systemctl start clamav-freshclam");
  }

  private Path program(String name, String text) throws Exception {
    Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** The part of system_upgrade that this is about, as a plugin. */
  private static final class Updating implements Plugin {
    @Override
    public String name() {
      return "system_upgrade";
    }

    @Override
    public int number() {
      return 20;
    }

    @Override
    public String description() {
      return "renews signatures";
    }

    @Override
    public Set<String> settings() {
      return Set.of();
    }

    @Override
    public boolean startsServices() {
      return true;
    }

    @Override
    public ReturnCode run(PluginContext context) throws InterruptedException {
      return new Freshclam(context, false).run();
    }
  }

  /** A signal interrupts the job, and so the thread that runs the plugin. */
  @Test
  void run_startsTheServiceAgain_whenTheJobIsKilledMeanwhile() throws Exception {
    Path running = Files.createFile(directory.resolve("running"));
    Path updating = directory.resolve("updating");
    Path daemon = directory.resolve("daemon");
    program(
        "freshclam",
        "[ \"$1\" = --version ] && exit\ntrap '' TERM\necho $$ >%s\nwhile :; do sleep 1; done\n"
            .formatted(updating));
    program(
        "service",
        """
        case $2 in
        status) [ -e RUN ] ;;
        stop) rm RUN ;;
        start) setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! >DAEMON; touch RUN ;;
        esac
        """
            .replace("RUN", running.toString())
            .replace("DAEMON", daemon.toString()));
    CommandRunner system = new SystemCommandRunner(System.getenv());
    CommandRunner here =
        (command, output, errors) -> {
          List<String> arguments = new ArrayList<>(command.arguments());
          arguments.set(0, directory.resolve(command.program()).toString());
          return system.run(
              Command.of(arguments).with(command.additions()).within(command.timeout()),
              output,
              errors);
        };
    Thread job = Thread.currentThread();
    Thread signal =
        new Thread(
            () -> {
              while (!Files.exists(updating) || updating.toFile().length() == 0) {
                LockSupport.parkNanos(10_000_000);
              }
              job.interrupt();
            });
    signal.start();
    PluginContext context = PluginContexts.context(directory, log.logger(), here, Map.of());
    try {
      assertThatThrownBy(
              () -> new PluginRunner(Duration.ofSeconds(50)).run(new Updating(), context))
          .isInstanceOf(InterruptedException.class);
      assertThat(running).exists();
      assertThat(process(daemon)).as("the service").isPresent();
      assertThat(process(updating)).as("the download").isEmpty();
    } finally {
      if (Files.exists(daemon)) {
        process(daemon).ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  private static Optional<ProcessHandle> process(Path file) throws Exception {
    return ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
        .filter(FreshclamTest::isRunning);
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
  void run_doesNothing_inADryRun_andWithoutFreshclam() throws Exception {
    assertThat(run(true, true)).isEqualTo(ReturnCode.SUCCESS);
    services.installed = false;
    assertThat(run(true, false)).isEqualTo(ReturnCode.SUCCESS);

    assertThat(services.ran).containsExactly("freshclam --version", "freshclam --version");
  }
}
