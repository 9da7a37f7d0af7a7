package org.deferredsync.remote;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How ssh is used, where it is not as the system has it.
 *
 * @param config instead of ssh_config of the user and the system
 * @param identity the one private key to log in with
 * @param knownHosts the one file with keys of hosts
 * @param timeout for a connection, and for a host that falls silent
 */
public record SshSettings(
    @Nullable Path config, @Nullable Path identity, @Nullable Path knownHosts, Duration timeout) {
  public SshSettings {
    for (Path file : new Path[] {config, identity, knownHosts}) {
      if (file != null && !file.isAbsolute()) {
        throw new IllegalArgumentException("a relative path: " + file);
      }
    }
    if (timeout.toSeconds() < 1) {
      throw new IllegalArgumentException("a timeout below a second: " + timeout);
    }
  }

  /** The settings whose value ssh could not read as one path, named for people. */
  public Optional<String> unreadable() {
    for (Path file : new Path[] {config, identity, knownHosts}) {
      if (file != null && !file.toString().matches("[^\\s\"'\\\\%$~]+")) {
        return Optional.of(file.toString());
      }
    }
    return Optional.empty();
  }

  long seconds() {
    return timeout.toSeconds();
  }
}
