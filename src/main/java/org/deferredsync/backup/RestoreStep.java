package org.deferredsync.backup;

import java.util.List;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;

/**
 * One thing to be done where files are restored to. {@code at} is its place from the destination's
 * root. After a {@link Begin} come its {@link Data}, and then its {@link End} or {@link Drop}.
 */
sealed interface RestoreStep {
  /** A directory is made; one above the sources may be there already. */
  record Enter(FilePath path, FilePath at, boolean known) implements RestoreStep {}

  /** A directory is complete and gets its own metadata. */
  record Leave(FilePath path, FilePath at, Version version, ExtendedAttributes attributes)
      implements RestoreStep {}

  /** A regular file is begun. */
  record Begin(Found found, FilePath at, ExtendedAttributes attributes) implements RestoreStep {}

  /** Bytes of it. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, compared by nobody
  record Data(long position, byte[] bytes, int length) implements RestoreStep {}

  /** It is complete. */
  record End(long size) implements RestoreStep {}

  /** Its bytes were wrong: it goes again. */
  record Drop() implements RestoreStep {}

  /** Anything that has no bytes of its own. */
  record Node(Found found, FilePath at, ExtendedAttributes attributes) implements RestoreStep {}

  /** Another name of what is at the first of {@code places} that has it. */
  record Link(Found found, FilePath at, ExtendedAttributes attributes, List<FilePath> places)
      implements RestoreStep {}
}
