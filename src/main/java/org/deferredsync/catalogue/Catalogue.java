package org.deferredsync.catalogue;

import java.nio.file.Path;
import java.util.List;

/**
 * The catalogue of one target, over one connection that one thread uses. What a transaction wrote
 * is there after the process, or the machine, dies, or none of it is.
 */
public final class Catalogue implements AutoCloseable {
  private final Database database;
  private final CommitHook hook;
  private final Directories directories;
  private final Entries entries;
  private final History history;
  private final Listings listings;
  private final Remotes remotes;
  private final Contents contents;
  private final Xattrs xattrs;
  private final Runs runs;
  private final Pending pending;
  private final Expiry expiry;
  private final AllRows allRows;
  private final Usage usage;

  private Catalogue(Database database, CommitHook hook) {
    this.database = database;
    this.hook = hook;
    this.directories = new Directories(database);
    this.entries = new Entries(database);
    this.history = new History(database);
    this.listings = new Listings(database);
    this.remotes = new Remotes(database);
    this.contents = new Contents(database, remotes);
    this.xattrs = new Xattrs(database);
    this.runs = new Runs(database, remotes);
    this.pending = new Pending(database, remotes);
    this.expiry = new Expiry(database);
    this.allRows = new AllRows(database);
    this.usage = new Usage(database);
  }

  /** Makes the tables in a file that the caller has just made, empty and with its final mode. */
  public static Catalogue create(Path file, String targetId, CommitHook hook)
      throws CatalogueException {
    return opened(
        "jdbc:sqlite:" + file,
        file.toString(),
        hook,
        catalogue -> {
          catalogue.prepareToWrite();
          catalogue.transaction(
              () -> {
                Schema.create(catalogue.database, targetId);
              });
        });
  }

  /**
   * Opens a catalogue to write.
   *
   * @throws CatalogueException if it is damaged, or of a newer version of the program
   */
  public static Catalogue open(Path file, CommitHook hook) throws CatalogueException {
    return opened(
        "jdbc:sqlite:" + file,
        file.toString(),
        hook,
        catalogue -> {
          // Before anything is written to what may be no catalogue.
          Schema.check(catalogue.database, file);
          catalogue.prepareToWrite();
          if (Schema.versionOf(catalogue.database) < Schema.VERSION) {
            catalogue.transaction(() -> Schema.upgrade(catalogue.database));
          }
        });
  }

  /** An empty catalogue of no target, gone when it is closed. */
  public static Catalogue temporary() throws CatalogueException {
    return opened(
        "jdbc:sqlite:",
        "an empty catalogue",
        CommitHook.NONE,
        catalogue ->
            catalogue.transaction(
                () -> {
                  Schema.create(catalogue.database, "");
                }));
  }

  /** Opens a catalogue to read beside a run that may be writing. */
  public static Catalogue openReader(Path file) throws CatalogueException {
    return opened(
        "jdbc:sqlite:" + uri(file, "mode=ro"),
        file.toString(),
        CommitHook.NONE,
        catalogue -> Schema.check(catalogue.database, file));
  }

  /**
   * Opens a catalogue on which nobody works, without writing anything beside it. The caller holds
   * the run lock and has seen that there is no write-ahead log.
   */
  public static Catalogue openImmutable(Path file) throws CatalogueException {
    return opened(
        "jdbc:sqlite:" + uri(file, "immutable=1"),
        file.toString(),
        CommitHook.NONE,
        catalogue -> Schema.check(catalogue.database, file));
  }

  /** What to do first with a new connection, which is closed if that fails. */
  private interface Preparation {
    void prepare(Catalogue catalogue) throws CatalogueException;
  }

  private static Catalogue opened(String url, String name, CommitHook hook, Preparation preparation)
      throws CatalogueException {
    Catalogue catalogue = new Catalogue(Database.open(url, name), hook);
    try {
      preparation.prepare(catalogue);
      return catalogue;
    } catch (CatalogueException | RuntimeException e) {
      try {
        catalogue.close();
      } catch (CatalogueException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  private static String uri(Path file, String parameter) {
    return file.toUri().toString().replace("?", "%3f") + "?" + parameter;
  }

  private void prepareToWrite() throws CatalogueException {
    database.one("PRAGMA journal_mode = WAL", row -> row.getString(1));
    database.run("PRAGMA synchronous = FULL");
  }

  /** Tells {@code log} of every change from now on. */
  public void setLog(RowLog log) {
    database.setLog(log);
  }

  public Directories directories() {
    return directories;
  }

  public Entries entries() {
    return entries;
  }

  public History history() {
    return history;
  }

  public Listings listings() {
    return listings;
  }

  public Contents contents() {
    return contents;
  }

  public Xattrs xattrs() {
    return xattrs;
  }

  public Runs runs() {
    return runs;
  }

  public Pending pending() {
    return pending;
  }

  public Expiry expiry() {
    return expiry;
  }

  public AllRows allRows() {
    return allRows;
  }

  public Remotes remotes() {
    return remotes;
  }

  public Usage usage() {
    return usage;
  }

  /** The id of the target that this catalogue describes. */
  public String targetId() throws CatalogueException {
    return database.one("SELECT id FROM target", row -> row.getString(1)).orElseThrow();
  }

  /** The number of the last batch. */
  public long generation() throws CatalogueException {
    return database.one("SELECT generation FROM target", row -> row.getLong(1)).orElseThrow();
  }

  public void setGeneration(long generation) throws CatalogueException {
    database.update("UPDATE target SET generation = ?", generation);
  }

  /**
   * When something was last done to the whole target.
   *
   * @param verifiedNs a daily verification began, in nanoseconds since 1970; 0 if none did
   * @param checkedNs the tables of the catalogue were checked, likewise
   */
  public record Upkeep(long verifiedNs, long checkedNs) {}

  public Upkeep upkeep() throws CatalogueException {
    return database
        .one(
            "SELECT verified_ns, checked_ns FROM target",
            row -> new Upkeep(row.getLong(1), row.getLong(2)))
        .orElseThrow();
  }

  public void setUpkeep(Upkeep upkeep) throws CatalogueException {
    database.update(
        "UPDATE target SET verified_ns = ?, checked_ns = ?",
        upkeep.verifiedNs(),
        upkeep.checkedNs());
  }

  /** The number of the last batch that has a manifest; 0 if none has. */
  public long manifest() throws CatalogueException {
    return database.one("SELECT manifest FROM target", row -> row.getLong(1)).orElseThrow();
  }

  public void setManifest(long batch) throws CatalogueException {
    database.update("UPDATE target SET manifest = ?", batch);
  }

  /** What a transaction does. */
  public interface Work {
    void run() throws CatalogueException;
  }

  /**
   * Does all of {@code work} or nothing.
   *
   * @throws CommitOutcomeUnknownException if the commit itself failed: it may have happened
   */
  public void transaction(Work work) throws CatalogueException {
    begin();
    try {
      work.run();
    } catch (CatalogueException | RuntimeException e) {
      try {
        database.run("ROLLBACK");
      } catch (CatalogueException rollback) {
        e.addSuppressed(rollback);
      }
      throw e;
    }
    commit();
  }

  /** Begins a transaction whose work comes bit by bit; {@link #commit} ends it. */
  public void begin() throws CatalogueException {
    database.run("BEGIN IMMEDIATE");
  }

  /**
   * Ends what {@link #begin} began. Where that is never done, closing takes all of it back.
   *
   * @throws CommitOutcomeUnknownException if it failed: it may have happened
   */
  public void commit() throws CatalogueException {
    hook.before();
    database.commit();
    hook.after();
  }

  /** Takes back all since {@link #begin}. */
  public void rollback() throws CatalogueException {
    database.run("ROLLBACK");
    directories.forgetIds();
  }

  /** Reads several things of one state. */
  public void reading(Work work) throws CatalogueException {
    database.run("BEGIN");
    try {
      work.run();
    } finally {
      database.run("ROLLBACK");
    }
  }

  /**
   * Moves the write-ahead log into the database file and syncs it; the log is empty afterwards.
   *
   * @return false if a reader kept it from doing all of that
   */
  public boolean checkpoint() throws CatalogueException {
    return database.one("PRAGMA wal_checkpoint(TRUNCATE)", row -> row.getInt(1) == 0).orElse(false);
  }

  /**
   * What is wrong with the tables: what {@code PRAGMA integrity_check} finds, and names and paths
   * that no file can have. Empty if nothing. Reads the whole file.
   */
  public List<String> damage() throws CatalogueException {
    return Soundness.damage(database);
  }

  @Override
  public void close() throws CatalogueException {
    database.close();
  }
}
