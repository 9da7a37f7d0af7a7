package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;

/** The runs of the target and how each ended for each source. */
public final class Runs {
  private static final long NANOS = 1_000_000_000L;

  private final Database database;

  Runs(Database database) {
    this.database = database;
  }

  /** Begins a run; its id is one more than the last. */
  public long begin(Instant started) throws CatalogueException {
    return database.insert("INSERT INTO run (started_ns) VALUES (?)", nanos(started));
  }

  public void setIncrement(long run, String name) throws CatalogueException {
    database.update("UPDATE run SET increment = ? WHERE id = ?", name, run);
  }

  /** Records, or replaces, how the run went for one source. */
  public void setSource(long run, RunSource source) throws CatalogueException {
    Counts c = source.counts();
    database.update(
        "INSERT OR REPLACE INTO run_source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run,
        source.source().bytes(),
        source.state().word(),
        source.reason(),
        c.files(),
        c.directories(),
        c.bytes(),
        c.added(),
        c.changed(),
        c.metadata(),
        c.removed(),
        c.copiedBytes(),
        source.expired());
  }

  public void end(long run, Instant ended) throws CatalogueException {
    database.update("UPDATE run SET ended_ns = ? WHERE id = ?", nanos(ended), run);
  }

  /** Records that the state of one source at the run can no longer be restored. */
  public void expire(long run, FilePath source) throws CatalogueException {
    database.update(
        "UPDATE run_source SET expired = 1 WHERE run = ? AND source = ?", run, source.bytes());
  }

  /** Forgets the name of an increment that is gone. */
  public void clearIncrement(long run) throws CatalogueException {
    database.update("UPDATE run SET increment = NULL WHERE id = ?", run);
  }

  /** All runs, expired ones too, oldest first. */
  public List<Run> list() throws CatalogueException {
    Map<Long, List<RunSource>> sources = new HashMap<>();
    database.each(
        "SELECT * FROM run_source ORDER BY run, source",
        row ->
            sources.computeIfAbsent(row.getLong("run"), id -> new ArrayList<>()).add(source(row)));
    return database.list(
        "SELECT * FROM run ORDER BY id",
        row -> {
          long id = row.getLong("id");
          Long ended = Database.longOrNull(row, "ended_ns");
          return new Run(
              id,
              instant(row.getLong("started_ns")),
              ended == null ? null : instant(ended),
              row.getString("increment"),
              sources.getOrDefault(id, List.of()));
        });
  }

  private static RunSource source(ResultSet row) throws SQLException {
    return new RunSource(
        FilePath.of(row.getBytes("source")),
        SourceState.ofWord(row.getString("state")),
        row.getString("reason"),
        new Counts(
            row.getLong("files"),
            row.getLong("directories"),
            row.getLong("bytes"),
            row.getLong("added"),
            row.getLong("changed"),
            row.getLong("metadata"),
            row.getLong("removed"),
            row.getLong("copied_bytes")),
        row.getInt("expired") != 0);
  }

  private static long nanos(Instant instant) {
    return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS), instant.getNano());
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
  }
}
