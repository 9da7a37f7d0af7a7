package org.deferredsync.backup;

import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;

/**
 * What the scan of one source found, and what applying it would do.
 *
 * @param counts what there is, and what would change; copiedBytes is how much would be written
 * @param newFiles how many files and directories the mirror would get
 * @param newData how many bytes of them are no holes
 * @param newInIncrement how many directories the increment would get; removed files need no room
 */
public record Plan(
    FilePath source, Counts counts, long newFiles, long newData, long newInIncrement) {}
