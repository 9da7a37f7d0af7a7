package org.deferredsync.backup;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;

/**
 * What the engine works with, so that a test can put another in its place.
 *
 * @param stateDirectory where this host remembers its targets; made when first needed
 * @param fstab the file that names the mounts of this host
 * @param kernelRelease as {@code uname -r} prints it
 * @param progress told of scanning, copying, restoring and verifying
 */
public record Engine(
    Posix posix,
    Clock clock,
    CommitHook hook,
    Path stateDirectory,
    Path fstab,
    String kernelRelease,
    Progress progress) {

  /** The engine on this system. */
  public static Engine ofSystem(Clock clock, Path stateDirectory, Progress progress) {
    return new Engine(
        Posix.ofSystem(),
        clock,
        CommitHook.NONE,
        stateDirectory,
        Path.of("/etc/fstab"),
        System.getProperty("os.version", ""),
        progress);
  }

  /**
   * Where this host remembers its targets: below /var/lib for root, else in the user's state
   * directory.
   *
   * @param environment what the process was started with
   */
  public static Path stateDirectory(Map<String, String> environment) {
    return stateDirectory(Posix.ofSystem().effectiveUser(), environment);
  }

  static Path stateDirectory(int user, Map<String, String> environment) {
    if (user == 0) {
      return Path.of("/var/lib/deferred-sync/targets");
    }
    String named = environment.getOrDefault("XDG_STATE_HOME", "");
    Path state =
        named.startsWith("/")
            ? Path.of(named)
            : Path.of(System.getProperty("user.home", "/"), ".local", "state");
    return state.resolve("deferred-sync").resolve("targets");
  }

  TargetRegistry registry() {
    return new TargetRegistry(posix, stateDirectory);
  }
}
