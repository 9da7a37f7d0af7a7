/** The plugins that push the target to other hosts and pull directories from them. */
@NullMarked
package org.deferredsync.plugin.remote;

import org.jspecify.annotations.NullMarked;
