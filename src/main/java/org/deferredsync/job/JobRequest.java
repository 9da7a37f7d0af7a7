package org.deferredsync.job;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What an operator asks of a run.
 *
 * @param configuration the file, absolute
 * @param command what an operator types to run the job with it
 * @param dryRun whether to change nothing whatever the settings say
 * @param only the plugins to run instead of those of the settings; empty for those of the settings
 * @param approved the sources of which the run may do what the last one held back
 * @param patience how long to wait for another run to end, if not as the settings say
 */
public record JobRequest(
    Path configuration,
    String command,
    boolean dryRun,
    List<String> only,
    List<String> approved,
    Optional<Duration> patience) {
  public JobRequest {
    only = List.copyOf(only);
    approved = List.copyOf(approved);
  }
}
