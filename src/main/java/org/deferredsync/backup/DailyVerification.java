package org.deferredsync.backup;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue.Upkeep;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.logging.Quantity;
import org.slf4j.Logger;

/**
 * What a run proves once a day, when its own work is done: re-reads the contents that were read
 * longest ago, and what the sources have of them. Holds up nobody: it reads like any other reader,
 * for a limited time, and ends when somebody takes the lock of the target.
 */
public final class DailyVerification {
  /** A little less than a day, so that it may begin earlier than yesterday. */
  private static final Duration DAY = Duration.ofHours(23).plusMinutes(30);

  private static final Duration WEEK = Duration.ofDays(7).minusMinutes(30);

  private final Engine engine;
  private final BackupRequest request;
  private final Limits limits;
  private final Logger log;

  /**
   * How much of it.
   *
   * @param percent of the files and their bytes, 0 to 100; 0 for none
   * @param time for how long; the file at hand is read to its end
   */
  public record Limits(int percent, Duration time) {}

  public DailyVerification(Engine engine, BackupRequest request, Limits limits, Logger log) {
    this.engine = engine;
    this.request = request;
    this.limits = limits;
    this.log = log;
  }

  /**
   * Verifies if it is due after the run.
   *
   * @return FAILED if anything is damaged, or could not be told
   */
  public Verdict run(BackupReport report) throws IOException {
    Instant now = engine.clock().instant();
    if (limits.percent() == 0
        || report.run() == null
        || !isDue(report.upkeep().verifiedNs(), now, DAY)) {
      return Verdict.GOOD;
    }
    boolean due = isDue(report.upkeep().checkedNs(), now, WEEK);
    boolean check = due && report.upkeep().checkedNs() > 0; // what is new has just been written
    VerificationMarks marks = new VerificationMarks(engine, request.target(), log);
    long nowNs = nanos(now);
    Findings findings = new Findings(log);
    try {
      marks.under(
          catalogue -> {
            if (check) {
              catalogue.damage().forEach(findings::catalogue);
            }
            long checked = due ? nowNs : report.upkeep().checkedNs();
            catalogue.transaction(
                () -> {
                  catalogue.setUpkeep(new Upkeep(nowNs, checked));
                  catalogue.contents().forgetReadingsAfter(nowNs);
                });
          });
      if (findings.result().catalogue() > 0) {
        log.error("{}: the catalogue is damaged; run \"deferred-sync rebuild\".", request.target());
        return Verdict.FAILED;
      }
      read(findings, now, check);
      marks.writeIfPossible(findings, nowNs);
    } catch (BackupException e) {
      log.info("Nothing is verified today: {}", e.getMessage());
      return Verdict.GOOD;
    }
    return verdict(findings);
  }

  private static long nanos(Instant instant) {
    return instant.toEpochMilli() * 1_000_000;
  }

  private static boolean isDue(long lastNs, Instant now, Duration interval) {
    Duration since = Duration.between(Instant.ofEpochSecond(0, lastNs), now);
    return since.isNegative() || since.compareTo(interval) >= 0;
  }

  private void read(Findings findings, Instant now, boolean weekly)
      throws BackupException, IOException {
    try (TargetReader reader = TargetReader.open(engine, request.target());
        ContentVerifier contents = new ContentVerifier(reader, engine.clock(), findings);
        SourceVerifier sources = SourceVerifier.open(engine, request, reader, findings, log)) {
      Instant end = now.plus(limits.time());
      Selection selection =
          Selection.of(
              reader.catalogue().contents().byVerified(), limits.percent(), nanos(now.minus(DAY)));
      selection.each(
          reader.catalogue(),
          content -> {
            if (mustEnd(reader, end)) {
              return false;
            }
            verify(content, contents, sources);
            return true;
          });
      if (weekly && !mustEnd(reader, end)) {
        new ManifestVerifier(reader, findings).verify();
      }
    }
  }

  private boolean mustEnd(TargetReader reader, Instant end) throws IOException {
    return Thread.currentThread().isInterrupted()
        || engine.clock().instant().isAfter(end)
        || reader.isWanted();
  }

  private static void verify(Content content, ContentVerifier contents, SourceVerifier sources)
      throws IOException {
    contents.verify(content);
    sources.verify(content);
  }

  private Verdict verdict(Findings findings) {
    findings.end();
    Verifier.Result result = findings.result();
    log.info(
        "{}: {} verified, {}: {} damaged, {} missing, {} changed in a source without a trace.",
        request.target(),
        Quantity.of(result.contents(), "file"),
        Sizes.text(result.bytes()),
        result.damaged(),
        result.missing(),
        result.rotten());
    if (result.damaged() + result.missing() > 0) {
      log.warn(
          "The next run stores again what the sources still have; at once does \"deferred-sync"
              + " verify --repair\".");
    }
    return result.good() ? Verdict.GOOD : Verdict.FAILED;
  }
}
