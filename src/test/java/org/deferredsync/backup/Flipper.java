package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Another user, who changes names in a directory of theirs as fast as the system lets them, from
 * the moment it was made until it is closed.
 */
final class Flipper implements AutoCloseable {
  static final int USER = 1000;

  private final Process process;
  private final BufferedReader said;
  private boolean enough;

  /** Exchanges the names, two by two; so often is enough. */
  static Flipper exchanging(Path directory, List<String> names, int count) throws IOException {
    return new Flipper(List.of(), count, directory, "", names);
  }

  /** Puts a link in the place of each name, where that is there, for a moment. */
  static Flipper planting(Path directory, Path link, List<String> names, int count)
      throws IOException {
    return new Flipper(List.of(), count, directory, link.toString(), names);
  }

  /** The same in the mount namespace of a process. */
  static Flipper plantingIn(long process, Path directory, Path link, List<String> names, int count)
      throws IOException {
    List<String> enter = List.of("nsenter", "-m", "-t", Long.toString(process));
    return new Flipper(enter, count, directory, link.toString(), names);
  }

  private Flipper(List<String> before, int count, Path directory, String link, List<String> names)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(List.of("python3", "-", Integer.toString(USER), Integer.toString(count)));
    command.addAll(List.of(directory.toString(), link));
    command.addAll(names);
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (InputStream script = Flipper.class.getResourceAsStream("flipper.py");
        OutputStream to = process.getOutputStream()) {
      Objects.requireNonNull(script).transferTo(to);
    }
    said =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(said.readLine()).isEqualTo("ready");
  }

  /** Whether it has exchanged names often enough. */
  boolean suffices() throws IOException {
    if (!enough && said.ready()) {
      assertThat(said.readLine()).isEqualTo("enough");
      enough = true;
    }
    assertThat(process.isAlive()).as("who exchanges names").isTrue();
    return enough;
  }

  /** Ends it, and tells how often it exchanged two names. */
  long end() throws IOException {
    process.toHandle().destroy(); // which leaves the pipe open
    String last = said.readLine();
    return Long.parseLong("enough".equals(last) ? said.readLine() : last);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
