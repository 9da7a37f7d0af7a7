/** Commands: options in, calls, text or JSON out; the only place with exit codes and wiring. */
@NullMarked
package org.deferredsync.cli;

import org.jspecify.annotations.NullMarked;
