package org.deferredsync.backup;

import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * Verifying by hand: notes in the catalogue what was read, and brings back what is damaged or
 * missing. Repairing is an ordinary run to which the verification has said what it must not
 * believe; the damaged file moves to the increment like any other version.
 */
public final class Verification {
  private static final int SAID = 1_000;

  private final Engine engine;
  private final FilePath target;
  private final Logger log;
  private final VerificationMarks marks;

  public Verification(Engine engine, FilePath target, Logger log) {
    this.engine = engine;
    this.target = target;
    this.log = log;
    this.marks = new VerificationMarks(engine, target, log);
  }

  /**
   * What became of what was bad.
   *
   * @param found by the verification
   * @param repaired contents that are whole again
   * @param lost contents that nothing has the bytes of any more
   * @param left names, links and directories that are still not as they should be
   * @param report of the run that repaired; null if there was nothing to repair
   */
  public record Repaired(
      Verifier.Result found,
      long repaired,
      long lost,
      long left,
      @org.jspecify.annotations.Nullable BackupReport report) {
    /** Whether all is whole again. */
    public boolean good() {
      return lost == 0 && left == 0 && found.catalogue() == 0;
    }
  }

  /**
   * Verifies, changing nothing but the notes of what was read.
   *
   * @param percent 1 to 100; see {@link Verifier#verify(int)}
   */
  public Verifier.Result verify(int percent) throws BackupException, IOException {
    Findings findings = find(percent);
    if (findings.result().catalogue() == 0) {
      marks.writeIfPossible(findings, nowNs());
    }
    return findings.result();
  }

  private Findings find(int percent) throws BackupException, IOException {
    OpenFiles.require(engine.posix());
    try (TargetReader reader = TargetReader.open(engine, target)) {
      Verifier verifier = new Verifier(reader, engine.clock(), log);
      verifier.verify(percent);
      return verifier.findings();
    }
  }

  private long nowNs() {
    return engine.clock().millis() * 1_000_000;
  }

  /**
   * Verifies, and runs a backup of all sources if anything is bad.
   *
   * @param request what an ordinary run is to do
   * @throws BackupException if the run could not be done, or had to stop
   */
  public Repaired repair(BackupRequest request, int percent) throws BackupException, IOException {
    Findings findings = find(percent);
    Verifier.Result found = findings.result();
    if (found.catalogue() > 0) {
      return new Repaired(found, 0, 0, 0, null);
    }
    marks.under(catalogue -> VerificationMarks.write(catalogue, findings, nowNs()));
    if (found.unknown() > 0) {
      log.warn("What the catalogue does not know is not touched; look at it, and move it away.");
    }
    if (found.damaged() + found.missing() == 0) {
      return new Repaired(found, 0, 0, 0, null);
    }
    log.info("A run stores again what the sources still have.");
    BackupReport report = new Backup(engine, request, log).run();
    for (SourceReport source : report.sources()) {
      if (!source.result().reason().isEmpty()) {
        log.warn(
            "{}: {}: {}.",
            source.result().source(),
            source.result().state().word(),
            source.result().reason());
      }
    }
    marks.under(catalogue -> substitute(catalogue, findings.bad()));
    return judge(findings, report);
  }

  /** Past versions whose bytes another file of ours has, whatever it is called, name that one. */
  private void substitute(Catalogue catalogue, BitSet bad) throws BackupException, IOException {
    try (TargetReader reader = TargetReader.open(engine, target);
        ContentVerifier verifier = new ContentVerifier(reader, engine.clock(), new Findings(log))) {
      for (int id = bad.nextSetBit(0); id >= 0; id = bad.nextSetBit(id + 1)) {
        Content content = catalogue.contents().find(id).orElse(null);
        if (content == null
            || content.state() == Contents.State.GOOD
            || !catalogue.entries().pathsOf(id).isEmpty()
            || verifier.isSomewhere(content)) {
          continue;
        }
        String names = ContentVerifier.names(catalogue, id);
        for (Content other : catalogue.contents().substitutes(content)) {
          if (verifier.isSomewhere(other)) {
            catalogue.transaction(() -> catalogue.contents().replace(content.id(), other.id()));
            log.warn(
                "{}: an older version has its bytes from {} again.",
                names,
                ContentVerifier.names(catalogue, other.id()));
            break;
          }
        }
      }
    }
  }

  /** Says of each what became of it; the proof is reading it again. */
  private Repaired judge(Findings findings, BackupReport report)
      throws BackupException, IOException {
    long repaired = 0;
    long lost = 0;
    Findings again = new Findings(log);
    try (TargetReader reader = TargetReader.open(engine, target);
        ContentVerifier verifier = new ContentVerifier(reader, engine.clock(), again)) {
      Catalogue catalogue = reader.catalogue();
      BitSet bad = findings.bad();
      for (int id = bad.nextSetBit(0); id >= 0; id = bad.nextSetBit(id + 1)) {
        Content content = catalogue.contents().find(id).orElse(null);
        if (content == null) {
          repaired++; // its versions name another now, or have expired
        } else if (verifier.isSomewhere(content)) {
          repaired++;
          say(repaired, true, ContentVerifier.names(catalogue, id) + ": whole again");
        } else if (!catalogue.entries().pathsOf(id).isEmpty()) {
          // The run found no other version, so it has not read this one: that says nothing of it.
          again.damaged(
              id,
              ContentVerifier.names(catalogue, id)
                  + ": still damaged or missing: no source that may have it could be read; see the"
                  + " warnings above, and repair again");
        } else {
          lost++;
          say(
              lost,
              false,
              ContentVerifier.names(catalogue, id)
                  + ": lost: no source has these bytes any more (SHA-256 "
                  + content.hash()
                  + "); snapshots that show this version restore without it");
        }
      }
      new NameVerifier(reader, engine.clock(), again, log).verify();
      new ManifestVerifier(reader, again).verify();
    }
    say(repaired, lost);
    long left = again.result().missing() + again.result().damaged();
    return new Repaired(findings.result(), repaired, lost, left, report);
  }

  private void say(long count, boolean good, String line) {
    if (count > SAID) {
      log.debug("{}", line);
    } else if (good) {
      log.warn("{}", line); // it was not: whoever watches wants to know of both
    } else {
      log.error("{}", line);
    }
  }

  private void say(long repaired, long lost) {
    for (long count : List.of(repaired, lost)) {
      if (count > SAID) {
        log.info(
            "{} not named; -v names all of them.",
            Quantity.of(count - SAID, "more is", "more are"));
      }
    }
  }
}
