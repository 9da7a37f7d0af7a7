package org.deferredsync.backup;

import org.deferredsync.snapshot.FilePath;

/** A directory to back up, and what of it is left out. */
public record Source(FilePath path, EntryFilter filter) {}
