/** One run of the whole: before script, plugins in order, after script, report. */
@NullMarked
package org.deferredsync.job;

import org.jspecify.annotations.NullMarked;
