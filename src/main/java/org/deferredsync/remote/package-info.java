/** Hosts: whether they can be reached, and what rsync carries to and from them. */
@NullMarked
package org.deferredsync.remote;

import org.jspecify.annotations.NullMarked;
