/** Built-in plugins that dump databases, and the drill that proves the dumps. */
@NullMarked
package org.deferredsync.plugin.dump;

import org.jspecify.annotations.NullMarked;
