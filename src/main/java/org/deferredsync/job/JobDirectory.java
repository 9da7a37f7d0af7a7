package org.deferredsync.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directory for locks and short-lived files, mode 0700 and the running user's: {@code
 * /run/lock/deferred-sync} for root. Anybody else has it in the state directory, because the
 * runtime directory of a login is not there for cron and two runs must find the same lock; in the
 * runtime directory only where the home cannot be written.
 */
final class JobDirectory {
  private static final String NAME = "deferred-sync";
  private static final Path SYSTEM = Path.of("/run/lock");

  private JobDirectory() {}

  /** Finds it, or makes it with what leads to it. */
  static Path of(Map<String, String> environment) throws IOException {
    Path userHome = Path.of(System.getProperty("user.home", "/"));
    return of(Objects.equals(Files.getAttribute(self(), "unix:uid"), 0), userHome, environment);
  }

  /** The same for a user with that home. */
  static Path of(boolean root, Path userHome, Map<String, String> environment) throws IOException {
    if (root && Files.isDirectory(SYSTEM)) {
      return make(SYSTEM);
    }
    String stateHome = environment.getOrDefault("XDG_STATE_HOME", "");
    Path state =
        stateHome.startsWith("/")
            ? Path.of(stateHome)
            : userHome.resolve(".local").resolve("state");
    try {
      return make(state);
    } catch (IOException e) {
      String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
      if (!runtime.startsWith("/")) {
        throw e;
      }
      return make(Path.of(runtime));
    }
  }

  /** Where runs are remembered; not made yet. */
  static Path memory(Map<String, String> environment) {
    if (Objects.equals(userId(), 0)) {
      return Path.of("/var/lib/deferred-sync/reports");
    }
    String stateHome = environment.getOrDefault("XDG_STATE_HOME", "");
    Path state =
        stateHome.startsWith("/")
            ? Path.of(stateHome)
            : Path.of(System.getProperty("user.home", "/"), ".local", "state");
    return state.resolve(NAME).resolve("reports");
  }

  private static @Nullable Object userId() {
    try {
      return Files.getAttribute(self(), "unix:uid");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path make(Path parent) throws IOException {
    Path directory = parent.resolve(NAME);
    var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    if (!Files.isDirectory(parent)) {
      Files.createDirectories(parent, mode);
    }
    try {
      Files.createDirectory(directory, mode);
    } catch (FileAlreadyExistsException e) {
      check(directory);
    }
    return directory;
  }

  private static void check(Path directory) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    Set<PosixFilePermission> permissions = attributes.permissions();
    if (!attributes.isDirectory()
        || !attributes.owner().equals(Files.getOwner(self()))
        || permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          directory
              + ": not a directory of the running user's that nobody else can write; remove it");
    }
  }

  private static Path self() {
    Path process = Path.of("/proc/self");
    return Files.exists(process) ? process : Path.of(System.getProperty("user.home", "/"));
  }
}
