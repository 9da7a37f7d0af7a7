package org.deferredsync.report;

import java.time.Duration;
import java.util.List;

/**
 * What there is to tell of one run.
 *
 * @param host where it ran
 * @param status its exit status
 * @param verdict one sentence
 * @param elapsed how long it took
 * @param parts its scripts and plugins, in order
 * @param troubles its warnings and errors, each once and without its time
 */
public record RunReport(
    String host,
    int status,
    String verdict,
    Duration elapsed,
    List<Part> parts,
    List<String> troubles) {
  public RunReport {
    parts = List.copyOf(parts);
    troubles = List.copyOf(troubles);
  }

  /**
   * One script or plugin.
   *
   * @param reason why its status is not 0; may be empty
   * @param results what it says came of its work, one sentence each
   */
  public record Part(
      String name,
      int status,
      Duration elapsed,
      int warnings,
      int errors,
      String reason,
      List<String> results) {
    public Part {
      results = List.copyOf(results);
    }
  }
}
