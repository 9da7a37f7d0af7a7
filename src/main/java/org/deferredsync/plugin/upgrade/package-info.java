/** Built-in plugins that upgrade the system's packages. */
@NullMarked
package org.deferredsync.plugin.upgrade;

import org.jspecify.annotations.NullMarked;
