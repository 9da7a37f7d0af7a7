package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * What one directory of a source held at one moment, without what is left out.
 *
 * @param self the directory itself
 * @param digest stands for the whole listing: equal digests, equal listings
 * @param complete whether every name is in it; if not, a name that it lacks may be there all the
 *     same
 * @param settled whether a later change is sure to change the listing too: nothing in it is as
 *     young as the reading itself, and all of it could be looked at
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Listing(
    FilePath path,
    Stat self,
    List<Listed> entries,
    byte[] digest,
    boolean complete,
    boolean settled) {

  /** One name and what it was. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Listed(byte[] name, Stat stat) {}
}
