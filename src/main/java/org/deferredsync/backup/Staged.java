package org.deferredsync.backup;

import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.jspecify.annotations.Nullable;

/**
 * An object that was staged: complete, with its metadata, under a name that nothing uses yet.
 *
 * @param source what the source's object was when it was read
 * @param inode of the staged object
 * @param hash of the bytes of a regular file, else null
 * @param linkTarget what a symbolic link holds, else null
 * @param inconsistent whether the file changed each time it was read
 * @param racy whether a change just after the reading could hide
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Staged(
    Stat source,
    long inode,
    @Nullable ContentHash hash,
    byte @Nullable [] linkTarget,
    boolean inconsistent,
    boolean racy) {}
