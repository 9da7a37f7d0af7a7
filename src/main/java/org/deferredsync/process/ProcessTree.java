package org.deferredsync.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deferredsync.logging.Printable;

/**
 * A process with all that came of it, also where a parent in between has ended: descendants seen so
 * far, and on Linux every process whose environment carries the mark that the first one was started
 * with. Process ids are held with their start times, so that one used anew is never taken for ours.
 */
public final class ProcessTree {
  private static final Path PROC = Path.of("/proc");
  private static final int ROUNDS = 10;

  private final Supplier<Stream<ProcessHandle>> descendants;
  private final Predicate<ProcessHandle> ours;
  private final Set<ProcessHandle> seen = new LinkedHashSet<>();

  private ProcessTree(Supplier<Stream<ProcessHandle>> descendants, Predicate<ProcessHandle> ours) {
    this.descendants = descendants;
    this.ours = ours;
  }

  /**
   * The tree below {@code root}, itself included, with whatever has {@code mark} in its
   * environment.
   */
  static ProcessTree marked(ProcessHandle root, String mark) {
    byte[] wanted = mark.getBytes(StandardCharsets.UTF_8);
    return new ProcessTree(
        () -> Stream.concat(withDescendants(root), marked(wanted)), handle -> true);
  }

  /** The tree below {@code root}, itself included, without what has left it. */
  static ProcessTree below(ProcessHandle root) {
    return new ProcessTree(() -> withDescendants(root), handle -> true);
  }

  /** Nothing where it has ended: then its children have another parent. */
  private static Stream<ProcessHandle> withDescendants(ProcessHandle root) {
    return root.isAlive() ? Stream.concat(Stream.of(root), root.descendants()) : Stream.empty();
  }

  /** What comes to be below this process from now on. */
  public static ProcessTree ofThisProcess() {
    Set<ProcessHandle> before = new LinkedHashSet<>();
    ProcessHandle.current().descendants().forEach(before::add);
    return new ProcessTree(
        () -> ProcessHandle.current().descendants(), handle -> !before.contains(handle));
  }

  /** Notes the processes that are there now, so that they are known when their parent is gone. */
  public void observe() {
    descendants.get().filter(ours).forEach(seen::add);
    seen.removeIf(handle -> !isRunning(handle));
  }

  /** Lets go of those that are below nobody of ours any more, such as services. */
  public void forgetStrays() {
    seen.clear();
    observe();
  }

  /** Those still alive, for people: process id and command. */
  public List<String> alive() {
    observe();
    List<String> names = new ArrayList<>();
    for (ProcessHandle handle : seen) {
      names.add(
          handle.pid()
              + handle
                  .info()
                  .command()
                  .map(command -> " (" + Printable.of(command) + ")")
                  .orElse(""));
    }
    return names;
  }

  /**
   * Ends all of them: asked first, forced when {@code grace} is over. What they start meanwhile is
   * ended too.
   */
  public void end(Duration grace) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + grace.toNanos();
    Set<ProcessHandle> asked = new LinkedHashSet<>();
    observe();
    while (!seen.isEmpty() && System.nanoTime() < deadline) {
      for (ProcessHandle handle : seen) {
        if (asked.add(handle)) {
          handle.destroy();
        }
      }
      interrupted |= pause();
      observe();
    }
    for (int round = 0; round < ROUNDS && !seen.isEmpty(); round++) {
      forceAll(seen);
      interrupted |= pause();
      observe();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * A zombie is alive to the JVM, and stays one where the first process of a container reaps none.
   */
  private static boolean isRunning(ProcessHandle handle) {
    if (!handle.isAlive()) {
      return false;
    }
    try {
      String stat =
          Files.readString(PROC.resolve(handle.pid() + "/stat"), StandardCharsets.ISO_8859_1);
      return !stat.startsWith(") Z", Math.max(0, stat.lastIndexOf(')')));
    } catch (IOException e) {
      return handle.isAlive();
    }
  }

  private static void forceAll(Collection<ProcessHandle> handles) {
    handles.forEach(ProcessHandle::destroyForcibly);
  }

  private static boolean pause() {
    try {
      Thread.sleep(20);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  private static Stream<ProcessHandle> marked(byte[] mark) {
    List<ProcessHandle> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        if (carries(process, mark)) {
          handle(process).ifPresent(found::add);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // No /proc: a system other than Linux, where the descendants are all that can be known.
      return Stream.empty();
    }
    return found.stream();
  }

  private static boolean carries(Path process, byte[] mark) {
    try {
      return contains(Files.readAllBytes(process.resolve("environ")), mark);
    } catch (IOException e) {
      // It has ended, or belongs to another user and so is none of ours to end.
      return false;
    }
  }

  private static Optional<ProcessHandle> handle(Path process) {
    return ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
        .filter(ProcessHandle::isAlive);
  }

  private static boolean contains(byte[] environment, byte[] variable) {
    int start = 0;
    for (int i = 0; i <= environment.length; i++) {
      if (i == environment.length || environment[i] == 0) {
        if (i - start == variable.length
            && Arrays.equals(environment, start, i, variable, 0, variable.length)) {
          return true;
        }
        start = i + 1;
      }
    }
    return false;
  }
}
