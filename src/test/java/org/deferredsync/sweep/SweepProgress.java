package org.deferredsync.sweep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which points of a sweep are done: a line each in a file below target/, so that a sweep which was
 * cut short goes on, if it is one of the same program. What failed is tried again.
 */
final class SweepProgress {
  private static final Path DIRECTORY = Path.of("target/sweeps");
  private static final String PROGRAM = System.getProperty("sweep.commit", "unknown");

  private final @Nullable Path file;
  private final long seed;
  private final Map<String, Integer> done = new HashMap<>();
  private Duration time = Duration.ZERO;
  private int failures;

  private SweepProgress(@Nullable Path file, long seed) {
    this.file = file;
    this.seed = seed;
  }

  /** One that remembers nothing. */
  static SweepProgress none(long seed) {
    return new SweepProgress(null, seed);
  }

  /** That of the part, with the seed that it began with; a new one if there is none. */
  static SweepProgress resume(String part, long newSeed) throws IOException {
    Path file = Files.createDirectories(DIRECTORY).resolve(part.replace(' ', '-'));
    List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
    boolean same = !lines.isEmpty() && lines.get(0).startsWith(PROGRAM + " ");
    if (!same) {
      Files.writeString(file, PROGRAM + " " + newSeed + "\n");
      return new SweepProgress(file, newSeed);
    }
    SweepProgress progress =
        new SweepProgress(file, Long.parseLong(lines.get(0).substring(PROGRAM.length() + 1)));
    for (String line : lines.subList(1, lines.size())) {
      String[] words = line.split(" ", 3);
      switch (words[0]) {
        case "met" -> progress.done.put(words[2], Integer.valueOf(words[1]));
        case "time" -> progress.time = Duration.parse(words[1]);
        default -> {}
      }
    }
    System.out.printf("sweep %s: going on after %d points%n", part, progress.points());
    return progress;
  }

  long seed() {
    return seed;
  }

  /** How many points were met there the last time; null if that has not been tried. */
  synchronized @Nullable Integer before(String name) {
    return done.get(name);
  }

  synchronized void note(String name, int met) {
    done.put(name, met);
    write("met " + met + " " + name);
  }

  synchronized void failed(String name) {
    failures++;
    write("failed " + name);
  }

  synchronized int points() {
    return done.values().stream().mapToInt(Integer::intValue).sum() + failures;
  }

  synchronized int failures() {
    return failures;
  }

  /** How long earlier attempts took. */
  Duration time() {
    return time;
  }

  void spent(Duration all) {
    write("time " + all);
  }

  void forget() throws IOException {
    if (file != null) {
      Files.delete(file);
    }
  }

  private void write(String line) {
    if (file != null) {
      try {
        Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
