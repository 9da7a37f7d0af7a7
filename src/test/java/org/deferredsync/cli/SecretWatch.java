package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;

/** Looks again and again at the arguments and the environment of every process for a secret. */
final class SecretWatch implements AutoCloseable {
  private static final int SECONDS = 60;

  private final Set<String> found = new ConcurrentSkipListSet<>();
  private final Set<String> commands = new ConcurrentSkipListSet<>();
  private final String secret;
  private final Thread thread = new Thread(this::look, "secret watch");
  private volatile boolean ended;

  SecretWatch(String secret) {
    this.secret = secret;
    thread.start();
  }

  private void look() {
    while (!ended) {
      try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
        for (Path process : processes) {
          look(process, "cmdline");
          look(process, "environ");
        }
      } catch (IOException e) {
        found.add(e.toString());
      }
    }
  }

  private void look(Path process, String file) {
    try {
      String text =
          new String(Files.readAllBytes(process.resolve(file)), StandardCharsets.ISO_8859_1);
      if (text.contains(secret)) {
        found.add(file + " of " + text.replace('\0', ' '));
      }
      if (file.equals("cmdline") && text.indexOf('\0') > 0) {
        String program = text.substring(0, text.indexOf('\0'));
        commands.add(program.substring(program.lastIndexOf('/') + 1));
      }
    } catch (IOException e) {
      // It has ended.
    }
  }

  /** Where the secret was. */
  Set<String> found() {
    return found;
  }

  /** Waits until a program has been seen, which has to run so long. */
  void awaitCommand(String program) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!commands.contains(program)) {
      assertThat(System.nanoTime()).as("no %s among %s", program, commands).isLessThan(end);
      Thread.sleep(2);
    }
  }

  @Override
  public void close() {
    ended = true;
    while (thread.isAlive()) {
      Thread.onSpinWait();
    }
  }
}
