package org.deferredsync.backup;

import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.jspecify.annotations.Nullable;

/**
 * An object that was staged: complete, with its metadata, under a name that nothing uses yet.
 *
 * @param source what the source's object was when it was read
 * @param attributes those of the source's object
 * @param inode of the staged object; 0 if nothing was written, or not yet
 * @param hash of the bytes of a regular file, else null
 * @param linkTarget what a symbolic link holds, else null
 * @param inconsistent whether the file changed each time it was read
 * @param racy whether a change just after the reading could hide
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Staged(
    Stat source,
    ExtendedAttributes attributes,
    long inode,
    @Nullable ContentHash hash,
    byte @Nullable [] linkTarget,
    boolean inconsistent,
    boolean racy) {

  /** The inode of what this user cannot make: it stands in the catalogue alone. */
  static final long RECORDED = -1;

  /** Whether nothing was made, because this user cannot. */
  boolean isRecordedOnly() {
    return inode == RECORDED;
  }

  /** The same under another inode of ours. */
  Staged withInode(long other) {
    return new Staged(source, attributes, other, hash, linkTarget, inconsistent, racy);
  }

  /** How many bytes were copied for it. */
  long bytes() {
    return source.isRegular() ? source.size() : 0;
  }
}
