package org.deferredsync.backup;

import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;

/**
 * What the scan of one source found, and what applying it would do.
 *
 * @param counts what there is, and what would change; copiedBytes is how much would be written
 * @param newFiles how many files and directories the mirror would get
 */
public record Plan(FilePath source, Counts counts, long newFiles) {}
