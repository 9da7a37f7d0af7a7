package org.deferredsync.catalogue;

import java.util.Optional;

/** Numbers that were given to inodes of the target; kept out of memory like {@link PlanStore}. */
public final class InodeNumbers implements AutoCloseable {
  private final Database database;

  private InodeNumbers(Database database) {
    this.database = database;
  }

  /** None yet. */
  public static InodeNumbers open() throws CatalogueException {
    Database database = Database.temporary();
    database.run(
        """
        PRAGMA journal_mode = OFF;
        PRAGMA synchronous = OFF;
        CREATE TABLE number (inode INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
        """);
    return new InodeNumbers(database);
  }

  /** The number of the inode, if it has one. */
  public Optional<Long> find(long inode) throws CatalogueException {
    return database.one("SELECT number FROM number WHERE inode = ?", row -> row.getLong(1), inode);
  }

  public void set(long inode, long number) throws CatalogueException {
    database.update("INSERT OR REPLACE INTO number VALUES (?, ?)", inode, number);
  }

  @Override
  public void close() throws CatalogueException {
    database.close();
  }
}
