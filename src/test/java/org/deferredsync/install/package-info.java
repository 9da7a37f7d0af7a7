/** The release archive, its installer and its launcher, run as an operator runs them. */
@NullMarked
package org.deferredsync.install;

import org.jspecify.annotations.NullMarked;
