package org.deferredsync.job;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A directory of one job for short-lived files, mode 0700, gone with the job. What a job that was
 * killed has left in it goes when the next one with the same lock begins.
 */
record Scratch(Path directory) implements AutoCloseable {
  static Scratch in(Path parent, String key) throws IOException {
    Path directory = parent.resolve(key + ".tmp");
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      empty(directory);
    } else {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return new Scratch(directory);
  }

  /** A push that was killed has left directories with its lists in them. */
  private static void empty(Path directory) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(directory)) {
      for (Path file : left) {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
          empty(file);
        }
        Files.deleteIfExists(file);
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() throws IOException {
    empty(directory);
    Files.deleteIfExists(directory);
  }
}
