package org.deferredsync.backup;

import java.io.IOException;
import java.util.BitSet;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * Writes into the catalogue what a verification found, under the lock of a run: when good contents
 * were read, which are bad, and what the next run has to look at again, whatever its stat says.
 */
final class VerificationMarks {
  private static final int TOGETHER = 10_000;

  private final Engine engine;
  private final FilePath target;
  private final Logger log;

  VerificationMarks(Engine engine, FilePath target, Logger log) {
    this.engine = engine;
    this.target = target;
    this.log = log;
  }

  /** Uses a catalogue that nobody else writes. */
  interface Use {
    void of(Catalogue catalogue) throws BackupException, IOException;
  }

  /** Opens the target as a run does, without recovering, and empties the write-ahead log after. */
  void under(Use use) throws BackupException, IOException {
    try (OpenTarget open = OpenTarget.open(engine, target, Residents.NONE, log)) {
      use.of(open.catalogue());
      open.catalogue().checkpoint();
    }
  }

  /**
   * Writes the marks.
   *
   * @param nowNs when it was read, in nanoseconds since 1970
   */
  static void write(Catalogue catalogue, Findings findings, long nowNs) throws IOException {
    each(
        catalogue,
        findings.good(),
        id -> catalogue.contents().setState(id, Contents.State.GOOD, nowNs));
    each(
        catalogue,
        findings.bad(),
        id -> {
          catalogue.contents().setState(id, findings.state(id), nowNs);
          catalogue.contents().doubt(id);
        });
    each(catalogue, findings.rotten(), id -> catalogue.contents().doubt(id));
    each(catalogue, findings.directories(), id -> catalogue.directories().doubt(id));
    if (findings.manifests()) {
      // More than there are: until all are written anew, each run knows that some are lacking.
      catalogue.transaction(() -> catalogue.setManifest(catalogue.generation() + 1));
    }
  }

  /** Writes something of one row. */
  private interface Row {
    void write(long id) throws CatalogueException;
  }

  private static void each(Catalogue catalogue, BitSet ids, Row row) throws IOException {
    int next = ids.nextSetBit(0);
    while (next >= 0) {
      int first = next;
      int[] after = {next};
      catalogue.transaction(
          () -> {
            int id = first;
            for (int i = 0; i < TOGETHER && id >= 0; i++) {
              row.write(id);
              id = ids.nextSetBit(id + 1);
            }
            after[0] = id;
          });
      next = after[0];
    }
  }

  /** The same, or one line about why that cannot be done now. */
  void writeIfPossible(Findings findings, long nowNs) {
    try {
      under(catalogue -> write(catalogue, findings, nowNs));
    } catch (BackupException | IOException e) {
      log.info(
          "Not noted in the catalogue, so that it is read again next time: {}", e.getMessage());
    }
  }
}
