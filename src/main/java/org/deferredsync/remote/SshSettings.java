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
 * @param socket of the connection to share; null where each session has its own
 */
public record SshSettings(
    @Nullable Path config,
    @Nullable Path identity,
    @Nullable Path knownHosts,
    Duration timeout,
    @Nullable Path socket) {
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

  /** With a connection for each session. */
  public SshSettings(
      @Nullable Path config, @Nullable Path identity, @Nullable Path knownHosts, Duration timeout) {
    this(config, identity, knownHosts, timeout, null);
  }

  /** The same by a connection that is shared. */
  SshSettings through(Path newSocket) {
    return new SshSettings(config, identity, knownHosts, timeout, newSocket);
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
