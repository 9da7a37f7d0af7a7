/** The operating system: calls by descriptor, names as bytes. */
@NullMarked
package org.deferredsync.fs;

import org.jspecify.annotations.NullMarked;
