/** Configuration: text to values. */
@NullMarked
package org.deferredsync.config;

import org.jspecify.annotations.NullMarked;
