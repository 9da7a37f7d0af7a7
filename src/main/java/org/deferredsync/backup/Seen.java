package org.deferredsync.backup;

import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.jspecify.annotations.Nullable;

/**
 * All of a source's entry that is no regular file and no directory.
 *
 * @param linkTarget what a symbolic link holds, else null
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record Seen(Stat stat, ExtendedAttributes attributes, byte @Nullable [] linkTarget) {}
