package org.deferredsync.catalogue;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;

/** The runs of the target and how each ended for each source. */
public final class Runs {
  private static final long NANOS = 1_000_000_000L;

  /** Values of the column {@code expired}; 0 is a state that can be restored. */
  private static final int MARKED = 1;

  private static final int DELETED = 2;
  private static final int REMOVING = 3;

  private final Database database;
  private final Remotes remotes;
  private final Holds holds;

  Runs(Database database, Remotes remotes) {
    this.remotes = remotes;
    this.database = database;
    this.holds = new Holds(database);
  }

  /** Begins a run; its id is one more than the last. */
  public long begin(Instant started) throws CatalogueException {
    return database.insert("INSERT INTO run (started_ns) VALUES (?)", nanos(started));
  }

  /** Stores a run as it was, with its id. */
  public void add(Run run) throws CatalogueException {
    Instant ended = run.ended();
    database.update(
        "INSERT INTO run (id, started_ns, ended_ns, increment) VALUES (?, ?, ?, ?)",
        run.id(),
        nanos(run.started()),
        ended == null ? null : nanos(ended),
        run.increment());
    for (RunSource source : run.sources()) {
      setSource(run.id(), source);
    }
  }

  public void setIncrement(long run, String name) throws CatalogueException {
    database.update("UPDATE run SET increment = ? WHERE id = ?", name, run);
  }

  /** Records, or replaces, how the run went for one source. */
  public void setSource(long run, RunSource source) throws CatalogueException {
    Counts c = source.counts();
    database.update(
        "INSERT OR REPLACE INTO run_source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run,
        source.source().bytes(),
        source.state().word(),
        source.reason(),
        c.files(),
        c.directories(),
        c.bytes(),
        c.added(),
        c.moved(),
        c.changed(),
        c.metadata(),
        c.removed(),
        c.copiedBytes(),
        source.expired(),
        source.turnover().contents(),
        source.turnover().changed());
    holds.set(run, source.source(), source.holds());
  }

  public void end(long run, Instant ended) throws CatalogueException {
    database.update("UPDATE run SET ended_ns = ? WHERE id = ?", nanos(ended), run);
  }

  /**
   * Marks that the state of one source at the run can no longer be restored. The mark is unfinished
   * until what only that state needed is deleted.
   */
  public void expire(long run, FilePath source) throws CatalogueException {
    database.update(
        "UPDATE run_source SET expired = ? WHERE run = ? AND source = ?",
        MARKED,
        run,
        source.bytes());
  }

  /** The runs with an unfinished mark, by source. */
  public Map<FilePath, List<Long>> unfinishedMarks() throws CatalogueException {
    Map<FilePath, List<Long>> marks = new TreeMap<>();
    database.each(
        "SELECT run, source FROM run_source WHERE expired = ? ORDER BY run",
        row ->
            marks
                .computeIfAbsent(FilePath.of(row.getBytes(2)), source -> new ArrayList<>())
                .add(row.getLong(1)),
        MARKED);
    return marks;
  }

  /** Everything that only marked states needed is deleted. */
  public void finishMarks() throws CatalogueException {
    database.update("UPDATE run_source SET expired = ? WHERE expired = ?", DELETED, MARKED);
  }

  /** Marks every state of a source for its removal; none of them can be restored any more. */
  public void beginRemoval(FilePath source) throws CatalogueException {
    database.update("UPDATE run_source SET expired = ? WHERE source = ?", REMOVING, source.bytes());
  }

  /** Sources whose removal has begun, and which no run has backed up since. */
  public List<FilePath> removals() throws CatalogueException {
    return database.list(
        "SELECT source FROM run_source GROUP BY source HAVING min(expired) = ?",
        row -> FilePath.of(row.getBytes(1)),
        REMOVING);
  }

  /** Forgets a source of which nothing is left. */
  public void endRemoval(FilePath source) throws CatalogueException {
    database.update("DELETE FROM run_source WHERE source = ?", source.bytes());
    holds.remove(source);
  }

  /** Whether the last run has no end: it is at work, or was cut short. */
  public boolean isUnderWay() throws CatalogueException {
    return database
        .one("SELECT ended_ns IS NULL FROM run ORDER BY id DESC LIMIT 1", row -> row.getInt(1) != 0)
        .orElse(false);
  }

  /** Forgets the name of an increment that is gone. */
  public void clearIncrement(long run) throws CatalogueException {
    Optional<String> name =
        database.one(
            "SELECT increment FROM run WHERE id = ? AND increment IS NOT NULL",
            row -> row.getString(1),
            run);
    if (name.isPresent()) {
      remotes.touch(0, FilePath.of("/" + name.get()), true);
    }
    noIncrement(run);
  }

  /** Forgets the name of an increment that was never made, so that no copy of it is anywhere. */
  public void noIncrement(long run) throws CatalogueException {
    database.update("UPDATE run SET increment = NULL WHERE id = ?", run);
  }

  /** All runs, expired ones too, oldest first. */
  public List<Run> list() throws CatalogueException {
    Map<Long, List<RunSource>> sources = new HashMap<>();
    Map<Holds.Key, List<Hold>> held = holds.all();
    database.each(
        "SELECT * FROM run_source ORDER BY run, source",
        row ->
            sources
                .computeIfAbsent(row.getLong("run"), id -> new ArrayList<>())
                .add(source(row, held)));
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

  /** Every source of which some state can be restored, by path. */
  public List<FilePath> sources() throws CatalogueException {
    return database.list(
        """
        SELECT DISTINCT source FROM run_source
        WHERE state IN ('complete', 'partial') AND NOT expired ORDER BY source
        """,
        row -> FilePath.of(row.getBytes(1)));
  }

  private static RunSource source(ResultSet row, Map<Holds.Key, List<Hold>> held)
      throws SQLException {
    FilePath source = FilePath.of(row.getBytes("source"));
    return new RunSource(
        source,
        SourceState.ofWord(row.getString("state")),
        row.getString("reason"),
        new Counts(
            row.getLong("files"),
            row.getLong("directories"),
            row.getLong("bytes"),
            row.getLong("added"),
            row.getLong("moved"),
            row.getLong("changed"),
            row.getLong("metadata"),
            row.getLong("removed"),
            row.getLong("copied_bytes")),
        row.getInt("expired") != 0,
        new Turnover(row.getLong("contents"), row.getLong("contents_changed")),
        held.getOrDefault(new Holds.Key(row.getLong("run"), source), List.of()));
  }

  private static long nanos(Instant instant) {
    return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), NANOS), instant.getNano());
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(Math.floorDiv(nanos, NANOS), Math.floorMod(nanos, NANOS));
  }
}
