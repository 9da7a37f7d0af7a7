package org.deferredsync.catalogue;

import java.io.IOException;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Told of every change to what the catalogue knows of files, within the transaction that makes it
 * and in its order: enough to make the same rows again.
 */
public interface RowLog {
  /** Keeps nothing. */
  RowLog NONE = new RowLog() {};

  /** A content is stored; entries that name it follow. */
  default void stored(long content, ContentHash hash, long size) throws IOException {}

  /** A name is there from now on. */
  default void added(long directory, Entry entry) throws IOException {}

  /** The current version of a name becomes history at {@code run}, unless that run stored it. */
  default void ended(long directory, byte[] name, long run) throws IOException {}

  /** The current version of a name goes and leaves no history. */
  default void forgotten(long directory, byte[] name) throws IOException {}

  /** A name was seen with other evidence. */
  default void seen(long directory, byte[] name, Evidence evidence) throws IOException {}

  /** A name lies in the increment of the run; see {@link Contents#addPlace}. */
  default void placed(long run, FilePath path, @Nullable Long content, boolean unknown)
      throws IOException {}
}
