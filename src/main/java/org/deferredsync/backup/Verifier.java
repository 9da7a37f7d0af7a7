package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.slf4j.Logger;

/**
 * Checks the catalogue, reads contents in the mirror and the increments and compares them with
 * their hashes, and looks for names that are missing or that the catalogue does not know. Changes
 * nothing.
 */
public final class Verifier {
  /** All contents rather than those that were read longest ago. */
  public static final int ALL = 100;

  private final TargetReader reader;
  private final Clock clock;
  private final Catalogue catalogue;
  private final Logger log;
  private final Progress progress;
  private final Findings findings;

  public Verifier(TargetReader reader, Clock clock, Logger log) {
    this.reader = reader;
    this.clock = clock;
    this.catalogue = reader.catalogue();
    this.log = log;
    this.progress = reader.progress();
    this.findings = new Findings(log);
  }

  /**
   * What was found.
   *
   * @param contents files read
   * @param bytes of them
   * @param damaged files with other bytes than were stored, manifests among them
   * @param missing names where nothing, or something else, is
   * @param unknown names that the catalogue does not know
   * @param rotten files of a source whose bytes changed and nothing else did
   * @param catalogue what is wrong with the catalogue itself
   */
  public record Result(
      long contents,
      long bytes,
      long damaged,
      long missing,
      long unknown,
      long rotten,
      long catalogue) {
    /** Whether every version of everything is there. */
    public boolean good() {
      return damaged == 0 && missing == 0 && rotten == 0 && catalogue == 0;
    }
  }

  /** Verifies all of the target. */
  public Result verify() throws IOException {
    return verify(ALL);
  }

  /**
   * Verifies all names, and the share of the contents that was read longest ago.
   *
   * @param percent 1 to 100, of the files and their bytes
   */
  public Result verify(int percent) throws IOException {
    for (String line : catalogue.damage()) {
      findings.catalogue(reader.target().catalogueFile() + ": damaged: " + line);
    }
    if (findings.result().catalogue() > 0) {
      log.error("What a damaged catalogue says of the files is not looked at; rebuild it first.");
      return findings.result();
    }
    Selection selection = Selection.of(catalogue.contents().byVerified(), percent, Long.MAX_VALUE);
    progress.begin(Phase.VERIFY, selection.total().contents(), selection.total().bytes());
    try (ContentVerifier contents = new ContentVerifier(reader, clock, findings)) {
      selection.each(
          catalogue,
          content -> {
            contents.verify(content);
            progress.advance(1, content.size());
            return true;
          });
    } finally {
      progress.end();
    }
    new NameVerifier(reader, clock, findings, log).verify();
    new ManifestVerifier(reader, findings).verify();
    findings.end();
    return findings.result();
  }

  /** What was found, to be marked in the catalogue. */
  Findings findings() {
    return findings;
  }
}
