package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * One name of a file that has several.
 *
 * @param source the index of its source in the run's context
 * @param work its source's
 * @param row what the catalogue has of the name; null if it is new
 * @param fresh whether its directory is being looked at in this run
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record LinkMember(
    int source,
    SourceWork work,
    FilePath directory,
    byte[] name,
    Stat stat,
    @Nullable Entry row,
    boolean fresh) {
  FilePath path() {
    return directory.child(name);
  }

  Listed listed() {
    return new Listed(name, stat);
  }

  /** Opens the directory of the source that has the name. */
  int openDirectory() throws IOException {
    return work.source().tree().open(directory);
  }

  /** The content that the catalogue has for it; null if there is none. */
  @Nullable Long content() {
    return row == null ? null : row.version().content();
  }

  boolean holds(@Nullable Long content) {
    return content != null && content.equals(content());
  }
}
