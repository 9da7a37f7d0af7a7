package org.deferredsync.backup;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A python3 process that makes random trees, changes them and knows what they were: nothing of what
 * it does or looks at is done by the calls under test. One tree at a time.
 */
final class RandomTrees implements AutoCloseable {
  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  RandomTrees() throws IOException {
    process =
        new ProcessBuilder("python3", script().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    commands = process.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Path script() {
    URL resource = Objects.requireNonNull(RandomTrees.class.getResource("random_tree.py"));
    try {
      return Path.of(resource.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Makes two sources of about so many entries together, and a directory beside them that holds
   * further names of their files; none of the three may exist. What the user or the file system
   * cannot make of the features is left out.
   */
  void grow(String seed, int entries, List<String> features, List<Path> sources, Path outside)
      throws IOException {
    ask("grow", seed, entries, String.join(",", features), sources.get(0), sources.get(1), outside);
  }

  /** Changes so many things. */
  void change(String seed, int count) throws IOException {
    ask("change", seed, count);
  }

  /** Keeps what the sources are now under the name of a snapshot. */
  void remember(long snapshot) throws IOException {
    ask("remember", snapshot);
  }

  /** How two directories differ from the sources as they were; nothing if they do not. */
  List<String> differences(long snapshot, List<Path> directories) throws IOException {
    return ask("compare", snapshot, directories.get(0), directories.get(1));
  }

  /** What was done to the tree since the last time. */
  List<String> log() throws IOException {
    return ask("log");
  }

  private List<String> ask(Object... words) throws IOException {
    commands.write(String.join(" ", List.of(words).stream().map(Object::toString).toList()) + "\n");
    commands.flush();
    List<String> lines = new ArrayList<>();
    for (String line = answers.readLine(); !".".equals(line); line = answers.readLine()) {
      if (line == null) {
        throw new IOException("python3 has ended: " + lines);
      }
      lines.add(line);
    }
    if (!lines.isEmpty() && lines.get(0).startsWith("error ")) {
      throw new IOException(String.join("\n", lines));
    }
    return lines;
  }

  @Override
  public void close() {
    try {
      commands.close();
      process.waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
