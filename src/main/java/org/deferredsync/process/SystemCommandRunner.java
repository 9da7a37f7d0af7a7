package org.deferredsync.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs commands as processes of the system. Each has its streams drained by threads that end with
 * it, and is marked in its environment so that no child of it is lost.
 */
public final class SystemCommandRunner implements CommandRunner {
  /** The variable that marks a command's processes. */
  static final String MARK = "DEFERRED_SYNC_COMMAND";

  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final int COPIED = 64 * 1024;

  private final Map<String, String> environment;

  /**
   * @param environment what this process was started with
   */
  public SystemCommandRunner(Map<String, String> environment) {
    this.environment = ChildEnvironment.of(environment);
  }

  @Override
  public CommandResult run(Command command, Consumer<String> output, Consumer<String> errors)
      throws InterruptedException {
    long start = System.nanoTime();
    Optional<Path> program = Programs.find(command.program());
    if (program.isEmpty()) {
      return ended(new Ending.Absent(command.program()), List.of(), start);
    }
    if (!Files.isExecutable(program.get())) {
      return ended(
          new Ending.NotStarted(command.program(), program.get() + " is not executable"),
          List.of(),
          start);
    }
    // A service that carried the mark, or was watched when it had left us, would be ended with us.
    String mark = command.leavesServices() ? "" : UUID.randomUUID().toString();
    Process process;
    try {
      process = start(command, program.get(), mark);
    } catch (IOException e) {
      return ended(new Ending.NotStarted(command.program(), cause(e)), List.of(), start);
    }
    ProcessTree tree =
        mark.isEmpty()
            ? ProcessTree.below(process.toHandle())
            : ProcessTree.marked(process.toHandle(), MARK + "=" + mark);
    Object turn = new Object();
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    AtomicReference<IOException> broken = new AtomicReference<>();
    ByteSink sink = command.output();
    List<Thread> threads =
        List.of(
            writer(process, command.input(), broken, failure),
            sink == null
                ? reader(process.getInputStream(), inTurn(output, turn, failure), "output")
                : copier(process, sink, broken, failure),
            reader(process.getErrorStream(), inTurn(errors, turn, failure), "errors"));
    threads.forEach(Thread::start);
    List<String> leftovers = List.of();
    long deadline = start + command.timeout().toNanos();
    boolean finished = false;
    boolean overdue = false;
    boolean left = true;
    try {
      finished = await(process, tree, deadline, broken);
      overdue = !finished && broken.get() == null;
      if (finished) {
        leftovers = command.leavesServices() ? List.of() : tree.alive();
        left = !leftovers.isEmpty();
      }
    } finally {
      if (left) {
        tree.end(GRACE);
      }
      if (finished && sink != null) {
        // What it wrote last may take its time on the way to the disk, and none of it may be lost.
        overdue = !joined(threads.get(1), deadline);
      }
      join(threads);
    }
    RuntimeException thrown = failure.get();
    if (thrown != null) {
      throw thrown;
    }
    IOException cause = broken.get();
    Ending ending =
        overdue
            ? new Ending.TimedOut(command.timeout())
            : cause != null ? new Ending.Broken(cause) : ending(process.exitValue());
    return ended(ending, leftovers, start);
  }

  private Process start(Command command, Path program, String mark) throws IOException {
    List<String> arguments = new ArrayList<>(command.arguments());
    arguments.set(0, program.toString());
    ProcessBuilder builder = new ProcessBuilder(arguments);
    Map<String, String> variables = builder.environment();
    variables.clear();
    variables.putAll(environment);
    variables.keySet().removeAll(command.removals());
    variables.putAll(command.additions());
    if (!mark.isEmpty()) {
      variables.put(MARK, mark);
    }
    if (command.directory() != null) {
      builder.directory(command.directory().toFile());
    }
    return builder.start();
  }

  private static String cause(IOException e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage());
  }

  private static boolean await(
      Process process,
      ProcessTree tree,
      long deadline,
      AtomicReference<@Nullable IOException> broken)
      throws InterruptedException {
    while (broken.get() == null) {
      long left = deadline - System.nanoTime();
      if (process.waitFor(Math.min(left, LOOK.toNanos()), TimeUnit.NANOSECONDS)) {
        return true;
      }
      if (left <= LOOK.toNanos()) {
        return false;
      }
      tree.observe();
    }
    return false;
  }

  /** Waits for the end of the thread, until the deadline. */
  private static boolean joined(Thread thread, long deadline) throws InterruptedException {
    while (thread.isAlive() && System.nanoTime() < deadline) {
      thread.join(Math.max(1, Math.min(LOOK.toNanos(), deadline - System.nanoTime()) / 1_000_000));
    }
    return !thread.isAlive();
  }

  private static Ending ending(int status) {
    return status > 128 && status < 160
        ? new Ending.Signalled(status - 128)
        : new Ending.Exited(status);
  }

  private static CommandResult ended(Ending ending, List<String> leftovers, long start) {
    return new CommandResult(ending, leftovers, Duration.ofNanos(System.nanoTime() - start));
  }

  private static Thread writer(
      Process process,
      Feed feed,
      AtomicReference<@Nullable IOException> broken,
      AtomicReference<@Nullable RuntimeException> failure) {
    return daemon(
        "input",
        () -> {
          try (OutputStream input = new Unread.Stream(process.getOutputStream())) {
            feed.writeTo(input);
          } catch (Unread e) {
            // The program ended, or closed its input, without reading all: its status tells.
            return;
          } catch (IOException e) {
            broken.compareAndSet(null, e);
            process.destroy();
          } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
            process.destroy();
          }
        });
  }

  private static Thread copier(
      Process process,
      ByteSink sink,
      AtomicReference<@Nullable IOException> broken,
      AtomicReference<@Nullable RuntimeException> failure) {
    return daemon(
        "output",
        () -> {
          byte[] buffer = new byte[COPIED];
          try (InputStream output = process.getInputStream()) {
            int count;
            while ((count = output.read(buffer)) >= 0) {
              sink.take(buffer, count);
            }
          } catch (IOException e) {
            // Read or kept, half of it must never pass for the whole.
            broken.compareAndSet(null, e);
            process.destroy();
          } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
            process.destroy();
          }
        });
  }

  private static Thread reader(InputStream stream, Consumer<String> lines, String name) {
    return daemon(
        name,
        () -> {
          try (stream) {
            Lines.read(stream, lines);
          } catch (IOException e) {
            // The JVM closes the stream under us when the program has been ended by force.
            return;
          }
        });
  }

  private static Thread daemon(String name, Runnable task) {
    Thread thread = new Thread(task, "command " + name);
    thread.setDaemon(true);
    return thread;
  }

  private static Consumer<String> inTurn(
      Consumer<String> lines, Object turn, AtomicReference<@Nullable RuntimeException> failure) {
    return line -> {
      synchronized (turn) {
        if (failure.get() == null) {
          try {
            lines.accept(line);
          } catch (RuntimeException e) {
            // The stream is drained to its end all the same, or the program would block.
            failure.set(e);
          }
        }
      }
    };
  }

  /** Waits for the last lines; a process that nothing can end must not hold us by an open pipe. */
  private static void join(List<Thread> threads) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + GRACE.toNanos();
    for (Thread thread : threads) {
      while (thread.isAlive() && System.nanoTime() < deadline) {
        try {
          thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
