package org.deferredsync.backup;

/** One source being applied, and what has been done of it so far. */
record SourceWork(SourceRoot source, Tally tally) {
  Problems problems() {
    return source.problems();
  }
}
