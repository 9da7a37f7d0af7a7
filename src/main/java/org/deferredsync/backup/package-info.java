/** The backup engine: scan, compare, plan, stage, publish, recover, retain, restore, verify. */
@NullMarked
package org.deferredsync.backup;

import org.jspecify.annotations.NullMarked;
