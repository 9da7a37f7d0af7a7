package org.deferredsync.config;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;

/**
 * What surrounds a configuration file and may be named in it.
 *
 * @param scriptHome the installation directory, {@code $SCRIPT_HOME}
 * @param variables the environment variables of the process
 * @param clock the time and zone of {@code $(date …)}
 */
public record Environment(
    Path scriptHome, Map<String, String> variables, HostName host, Clock clock) {
  public Environment {
    variables = Map.copyOf(variables);
  }

  /** That of this process. */
  public static Environment ofProcess(Path scriptHome) {
    return new Environment(
        scriptHome, System.getenv(), HostName.ofSystem(), Clock.system(ZoneId.systemDefault()));
  }
}
