package org.deferredsync.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Programs of the system, looked up in {@link ChildEnvironment#PATH} whatever our own PATH is. */
public final class Programs {
  private Programs() {}

  /** The path of a plain name or an absolute path, if a file is there; an executable one first. */
  public static Optional<Path> find(String program) {
    if (program.startsWith("/")) {
      Path path = Path.of(program);
      return Files.exists(path) ? Optional.of(path) : Optional.empty();
    }
    Optional<Path> present = Optional.empty();
    for (String directory : ChildEnvironment.PATH.split(":", -1)) {
      Path path = Path.of(directory, program);
      if (Files.isRegularFile(path)) {
        if (Files.isExecutable(path)) {
          return Optional.of(path);
        }
        present = present.or(() -> Optional.of(path));
      }
    }
    return present;
  }
}
