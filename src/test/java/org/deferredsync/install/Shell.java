package org.deferredsync.install;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands with their working directory in scratch and little in their environment, as cron
 * does.
 */
final class Shell {
  private static final int SECONDS = 120;

  private final Path scratch;
  private int runs;

  Shell(Path scratch) {
    this.scratch = scratch;
  }

  /** Runs lines of shell, which find the parameters in {@code $1} and so on. */
  Outcome sh(String script, Object... parameters) {
    return run(Map.of(), command(script, parameters));
  }

  /**
   * As {@link #sh}, where /etc is a copy and /opt, /home and what programs write below /var and
   * /run are empty: root alone can.
   */
  Outcome onScratchSystem(Map<String, String> environment, String script, Object... parameters) {
    String system =
        """
        set -eu
        mount --make-rprivate /
        mkdir etc
        mount -t tmpfs -o mode=0755 tmpfs etc
        cp -a /etc/. etc
        rm -rf etc/cron.d/deferred-sync etc/cron.daily/deferred-sync etc/opt
        mount --bind etc /etc
        for directory in /opt /home /var/log /var/lib /run/lock; do
            mount -t tmpfs -o mode=0755 tmpfs "$directory"
        done
        """;
    List<String> command = new ArrayList<>(List.of("unshare", "--mount"));
    command.addAll(command(system + script, parameters));
    return run(environment, command);
  }

  Outcome run(Map<String, String> environment, List<String> command) {
    try {
      Path place = Files.createDirectory(scratch.resolve("run" + runs++));
      Path out = scratch.resolve("out" + runs);
      Path err = scratch.resolve("err" + runs);
      Process process =
          builder(place, environment, command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("still running after " + SECONDS + " s: " + command);
      }
      return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Starts a command whose output nobody reads. */
  Process start(Map<String, String> environment, List<String> command) {
    try {
      return builder(scratch, environment, command)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> command(String script, Object... parameters) {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh"));
    for (Object parameter : parameters) {
      command.add(parameter.toString());
    }
    return command;
  }

  private static ProcessBuilder builder(
      Path place, Map<String, String> environment, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(place.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().putAll(environment);
    return builder.redirectInput(Path.of("/dev/null").toFile());
  }
}
