/** Built-in plugins over the backup engine. */
@NullMarked
package org.deferredsync.plugin.backup;

import org.jspecify.annotations.NullMarked;
