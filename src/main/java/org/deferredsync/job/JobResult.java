package org.deferredsync.job;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.ReturnCode;

/**
 * What became of a job.
 *
 * @param outcomes of hooks and plugins, in the order in which they ran
 * @param signal the one that ended the job before its time, if one did
 */
public record JobResult(List<PluginOutcome> outcomes, Optional<String> signal) {
  /** Those that end a job, by their numbers. */
  private static final Map<String, Integer> SIGNALS =
      Map.of("SIGHUP", 1, "SIGINT", 2, "SIGTERM", 15);

  public JobResult {
    outcomes = List.copyOf(outcomes);
  }

  /** The first nonzero code; of a job that was ended at least failure. */
  public ReturnCode code() {
    ReturnCode first = first(outcomes);
    return signal.isPresent() ? first.or(ReturnCode.FAILURE) : first;
  }

  /** The exit status: that of the code, or 128+n of a job that signal n ended. */
  public int status() {
    return signal.map(name -> 128 + SIGNALS.getOrDefault(name, 0)).orElse(code().status());
  }

  static ReturnCode first(List<PluginOutcome> outcomes) {
    return outcomes.stream().map(PluginOutcome::code).reduce(ReturnCode.SUCCESS, ReturnCode::or);
  }

  public boolean succeeded() {
    return code() == ReturnCode.SUCCESS;
  }

  /** One sentence: everything that failed, with its status. */
  public String verdict() {
    List<PluginOutcome> failed = failed();
    String ended = signal.map(name -> "Ended by " + name + ". ").orElse("");
    if (failed.isEmpty()) {
      return ended + outcomes.size() + " of " + outcomes.size() + " succeeded.";
    }
    return ended
        + failed.size()
        + " of "
        + outcomes.size()
        + " failed: "
        + failed.stream()
            .map(outcome -> outcome.name() + " with status " + outcome.code().status())
            .collect(Collectors.joining(", "))
        + ".";
  }

  /**
   * The verdict, and the reasons as far as they are known, in one line for who does not see the
   * log. It may end with a command, and so with nothing else.
   */
  public String complaint() {
    String reasons =
        failed().stream()
            .filter(outcome -> !outcome.reason().isEmpty())
            .map(outcome -> outcome.name() + ": " + outcome.reason().replaceFirst("\\.$", ""))
            .collect(Collectors.joining("; "));
    return reasons.isEmpty() ? verdict() : verdict() + " " + reasons;
  }

  private List<PluginOutcome> failed() {
    return outcomes.stream().filter(outcome -> outcome.code() != ReturnCode.SUCCESS).toList();
  }
}
