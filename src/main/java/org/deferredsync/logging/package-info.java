/** The job log and the screen. */
@NullMarked
package org.deferredsync.logging;

import org.jspecify.annotations.NullMarked;
