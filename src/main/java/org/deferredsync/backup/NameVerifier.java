package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * Compares the names in the mirror and in the increments with the rows of the catalogue. While a
 * run is at work, no name is said to be missing or unknown.
 */
final class NameVerifier {
  private final Catalogue catalogue;
  private final Stillness stillness;
  private final MirrorNames mirror;
  private final IncrementNames increments;
  private final Logger log;

  NameVerifier(TargetReader reader, Clock clock, Findings findings, Logger log) {
    this.catalogue = reader.catalogue();
    this.stillness = new Stillness(reader);
    this.mirror = new MirrorNames(reader, clock, findings, stillness, log);
    this.increments = new IncrementNames(reader, findings, stillness);
    this.log = log;
  }

  /** Names of the mirror, then those of the increments. */
  void verify() throws IOException {
    List<Run> runs = catalogue.runs().list();
    mirror.verify(runs);
    for (Run run : runs) {
      String increment = run.increment();
      if (increment != null) {
        increments.verify(increment, run.id());
      }
    }
    if (stillness.wasDisturbed()) {
      log.warn("A run is at work, or was cut short: not every name could be judged; verify again.");
    }
  }
}
