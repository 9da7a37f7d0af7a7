/** Child processes: argument lists in, results out. */
@NullMarked
package org.deferredsync.process;

import org.jspecify.annotations.NullMarked;
