/** The catalogue of a target: the only SQL. */
@NullMarked
package org.deferredsync.catalogue;

import org.jspecify.annotations.NullMarked;
