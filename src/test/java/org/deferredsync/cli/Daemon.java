package org.deferredsync.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real database server on a private socket, as an unprivileged user, in a directory of its own;
 * it ends when it is stopped, or when the process of the test ends.
 */
abstract class Daemon {
  private static final int SECONDS = 60;
  private static final String USER = "nobody";

  final Path directory;
  private final List<Process> running = new ArrayList<>();

  Daemon(Path directory) throws Exception {
    this.directory = Files.createDirectory(directory);
    if (Operator.isRoot()) {
      for (Path above = directory.getParent(); above != null; above = above.getParent()) {
        var modes = Files.getPosixFilePermissions(above);
        if (modes.addAll(PosixFilePermissions.fromString("--x--x--x"))) {
          Files.setPosixFilePermissions(above, modes);
        }
      }
      Files.setOwner(
          directory,
          directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(USER));
    }
  }

  /** Starts the server and waits until it answers. */
  final void start(String... command) throws Exception {
    Process process =
        new ProcessBuilder(asUser(command))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("said").toFile())
            .start();
    running.add(process);
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!answers()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new AssertionError(Files.readString(directory.resolve("said")));
      }
      Thread.sleep(20);
    }
  }

  abstract boolean answers() throws Exception;

  /** Runs a program as the user of the server; answers what it printed. */
  final String run(String... command) throws Exception {
    return feed("", command);
  }

  final String feed(String input, String... command) throws Exception {
    Path out = Files.createTempFile("said", "");
    try {
      int status = status(input, out, command);
      String said = Files.readString(out, StandardCharsets.ISO_8859_1);
      if (status != 0) {
        throw new AssertionError(String.join(" ", command) + ": " + status + ": " + said);
      }
      return said;
    } finally {
      Files.delete(out);
    }
  }

  final int status(String input, Path out, String... command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(asUser(command))
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended without reading all; its status tells.
    }
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("hangs: " + String.join(" ", command));
    }
    return process.exitValue();
  }

  /** Starts a program that goes on until the server ends. */
  final Process background(String input, String... command) throws Exception {
    Process process =
        new ProcessBuilder(asUser(command))
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    running.add(process);
    OutputStream in = process.getOutputStream();
    in.write(input.getBytes(StandardCharsets.UTF_8));
    in.flush();
    return process;
  }

  private static List<String> asUser(String... command) {
    List<String> all = new ArrayList<>();
    if (Operator.isRoot()) {
      all.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=65534", "--clear-groups", "--"));
    }
    all.addAll(List.of(command));
    return all;
  }

  /** Ends the server. */
  final void stop() throws InterruptedException {
    for (Process process : running) {
      process.destroy();
    }
    for (Process process : running) {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
    running.clear();
  }
}
