package org.deferredsync.logging;

/** What a record tells of: normal operation, something to look at, something that failed. */
public enum Level {
  INFO,
  WARN,
  ERROR
}
