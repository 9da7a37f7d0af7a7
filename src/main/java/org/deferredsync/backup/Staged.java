package org.deferredsync.backup;

import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.jspecify.annotations.Nullable;

/**
 * An object that was staged: complete, with its metadata, under a name that nothing uses yet.
 *
 * @param source what the source's object was when it was read
 * @param attributes those of the source's object
 * @param hash of the bytes of a regular file, else null
 * @param linkTarget what a symbolic link holds, else null
 * @param inconsistent whether the file changed each time it was read
 * @param racy whether a change just after the reading could hide
 * @param recordedOnly whether nothing was made because this user cannot: it stands in the catalogue
 *     alone
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Staged(
    Stat source,
    ExtendedAttributes attributes,
    @Nullable ContentHash hash,
    byte @Nullable [] linkTarget,
    boolean inconsistent,
    boolean racy,
    boolean recordedOnly) {

  /** A regular file that was read; its size is that of the bytes. */
  static Staged of(Reading reading) {
    Stat before = reading.before();
    Stat stored = before.size() == reading.size() ? before : before.withSize(reading.size());
    return new Staged(
        stored,
        reading.attributes(),
        reading.hash(),
        null,
        !reading.still(),
        reading.racy(),
        false);
  }

  /** Whether the bytes are, all of one moment, those of a content. */
  boolean hasBytesOf(Content content) {
    return !inconsistent && content.hash().equals(hash);
  }

  /** How many bytes were copied for it. */
  long bytes() {
    return source.isRegular() ? source.size() : 0;
  }
}
