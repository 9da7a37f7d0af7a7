package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.deferredsync.process.Programs;

/** Where the programs of a PostgreSQL server are: not where others look for programs. */
final class PgPrograms {
  private PgPrograms() {}

  /** The directory with the newest server's programs. */
  static Optional<Path> find() throws IOException {
    Optional<Path> newest = Optional.empty();
    int most = 0;
    for (Path directory : new Path[] {Path.of("/usr/lib/postgresql"), Path.of("/usr")}) {
      if (!Files.isDirectory(directory)) {
        continue;
      }
      try (DirectoryStream<Path> versions =
          Files.newDirectoryStream(directory, "{pgsql-,}[0-9]*")) {
        for (Path version : versions) {
          String digits = version.getFileName().toString().replaceAll("[^0-9]", "");
          int number = digits.matches("[0-9]{1,4}") ? Integer.parseInt(digits) : 0;
          if (number > most && hasServer(version.resolve("bin"))) {
            most = number;
            newest = Optional.of(version.resolve("bin"));
          }
        }
      }
    }
    return newest.isPresent()
        ? newest
        : Programs.find("initdb").map(Path::getParent).filter(PgPrograms::hasServer);
  }

  private static boolean hasServer(Path directory) {
    return Files.isExecutable(directory.resolve("initdb"))
        && Files.isExecutable(directory.resolve("postgres"));
  }
}
