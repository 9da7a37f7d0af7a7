/** What a plugin is, and how plugins are found and run. */
@NullMarked
package org.deferredsync.plugin;

import org.jspecify.annotations.NullMarked;
