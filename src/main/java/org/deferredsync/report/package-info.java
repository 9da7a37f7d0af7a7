/** What people are told of a run: mail. */
@NullMarked
package org.deferredsync.report;

import org.jspecify.annotations.NullMarked;
