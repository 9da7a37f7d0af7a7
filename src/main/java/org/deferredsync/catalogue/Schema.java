package org.deferredsync.catalogue;

import java.nio.file.Path;

/**
 * The tables of the catalogue. The number in {@code user_version} counts their versions up; each
 * step from one to the next stands here for good.
 */
final class Schema {
  /** The version that this program reads and writes. */
  static final int VERSION = 3;

  private static final String CREATE =
      """
      CREATE TABLE target (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        generation INTEGER NOT NULL,
        manifest INTEGER NOT NULL DEFAULT 0,
        verified_ns INTEGER NOT NULL DEFAULT 0,
        checked_ns INTEGER NOT NULL DEFAULT 0
      ) STRICT;
      CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        started_ns INTEGER NOT NULL,
        ended_ns INTEGER,
        increment TEXT
      ) STRICT;
      CREATE TABLE run_source (
        run INTEGER NOT NULL,
        source BLOB NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        files INTEGER NOT NULL,
        directories INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        added INTEGER NOT NULL,
        moved INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        metadata INTEGER NOT NULL,
        removed INTEGER NOT NULL,
        copied_bytes INTEGER NOT NULL,
        expired INTEGER NOT NULL,
        contents INTEGER NOT NULL,
        contents_changed INTEGER NOT NULL,
        PRIMARY KEY (run, source)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE hold (
        run INTEGER NOT NULL,
        source BLOB NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        of INTEGER NOT NULL,
        mounts BLOB NOT NULL,
        PRIMARY KEY (run, source, kind)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE directory (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        digest BLOB
      ) STRICT;
      CREATE TABLE entry (
        directory INTEGER NOT NULL,
        name BLOB NOT NULL,
        since INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        gid INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        rdev INTEGER NOT NULL,
        link_target BLOB,
        link_group INTEGER,
        xattr INTEGER,
        content INTEGER,
        inconsistent INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        nlink INTEGER NOT NULL,
        racy INTEGER NOT NULL,
        mount_root INTEGER NOT NULL,
        PRIMARY KEY (directory, name)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX entry_content ON entry (content) WHERE content IS NOT NULL;
      CREATE INDEX entry_group ON entry (link_group) WHERE link_group IS NOT NULL;
      CREATE INDEX entry_linked ON entry (inode)
        WHERE nlink > 1 AND (content IS NOT NULL OR link_group IS NOT NULL);
      CREATE INDEX entry_mount ON entry (directory, name) WHERE mount_root = 1;
      CREATE TABLE entry_history (
        directory INTEGER NOT NULL,
        name BLOB NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        gid INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        rdev INTEGER NOT NULL,
        link_target BLOB,
        link_group INTEGER,
        xattr INTEGER,
        content INTEGER,
        inconsistent INTEGER NOT NULL,
        PRIMARY KEY (directory, name, since)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX entry_history_until ON entry_history (until);
      CREATE INDEX entry_history_content ON entry_history (content) WHERE content IS NOT NULL;
      CREATE TABLE content (
        id INTEGER PRIMARY KEY,
        sha256 BLOB NOT NULL,
        size INTEGER NOT NULL,
        state INTEGER NOT NULL DEFAULT 0,
        verified_ns INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE place (
        run INTEGER NOT NULL,
        path BLOB NOT NULL,
        content INTEGER,
        unknown INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (run, path)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX place_content ON place (content) WHERE content IS NOT NULL;
      CREATE TABLE xattr (
        id INTEGER PRIMARY KEY,
        data BLOB NOT NULL UNIQUE
      ) STRICT;
      CREATE TABLE pending (
        seq INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        run INTEGER NOT NULL,
        kind TEXT NOT NULL,
        staged TEXT,
        path BLOB NOT NULL,
        displaced_inode INTEGER NOT NULL
      ) STRICT;
      """;

  /** From version 1 to 2: what other hosts have. */
  private static final String REMOTES =
      """
      CREATE TABLE journal (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL
      ) STRICT;
      INSERT INTO journal VALUES (1, lower(hex(randomblob(16))));
      CREATE TABLE remote (
        name TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        pushed_ns INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE touched (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL,
        path BLOB NOT NULL,
        contents INTEGER NOT NULL
      ) STRICT;
      """;

  /** From version 2 to 3: the highest number of a content that is forgotten. */
  private static final String FORGOTTEN =
      "ALTER TABLE target ADD COLUMN forgotten_content INTEGER NOT NULL DEFAULT 0";

  private Schema() {}

  /** Makes the tables of an empty database, within the caller's transaction. */
  static void create(Database database, String targetId) throws CatalogueException {
    database.run(CREATE);
    database.run(REMOTES);
    database.run(FORGOTTEN);
    database.run("PRAGMA user_version = " + VERSION);
    database.update("INSERT INTO target (one, id, generation) VALUES (1, ?, 0)", targetId);
  }

  /** Refuses a file with the tables of a newer program, or none. */
  static void check(Database database, Path file) throws CatalogueException {
    int version = versionOf(database);
    if (version > VERSION) {
      throw new CatalogueException(
          file
              + ": written by a newer version of the program (format "
              + version
              + "); upgrade this one");
    }
    if (version < 1) {
      throw database.damaged("not a catalogue");
    }
  }

  /**
   * Brings older tables to the version of this program, within the caller's transaction. No step
   * may concern what recovery reads, which comes later.
   */
  static void upgrade(Database database) throws CatalogueException {
    if (versionOf(database) == 1) {
      database.run(REMOTES);
      database.run("PRAGMA user_version = 2");
    }
    if (versionOf(database) == 2) {
      database.run(FORGOTTEN);
      database.run("PRAGMA user_version = 3");
    }
  }

  /** The version of the tables; 0 for an empty database. */
  static int versionOf(Database database) throws CatalogueException {
    return database.one("PRAGMA user_version", row -> row.getInt(1)).orElseThrow();
  }
}
