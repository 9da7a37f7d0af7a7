/** Immutable values of the engine: paths, entries, contents, runs. */
@NullMarked
package org.deferredsync.snapshot;

import org.jspecify.annotations.NullMarked;
