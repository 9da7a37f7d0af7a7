package org.deferredsync.install;

/** What a command that has ended left: its exit status and all it said. */
record Outcome(int status, String out, String err) {}
