/** Built-in plugins that report on the host. */
@NullMarked
package org.deferredsync.plugin.host;

import org.jspecify.annotations.NullMarked;
