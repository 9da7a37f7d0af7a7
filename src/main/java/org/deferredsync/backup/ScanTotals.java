package org.deferredsync.backup;

import org.deferredsync.fs.StatBuffer;

/** What a scan has counted: what there is, and what is new in directories nobody knew. */
final class ScanTotals {
  long files;
  long directories;
  long regular;
  long bytes;
  long added;
  long newFiles;
  long newBytes;

  /** Of the new bytes those that are no holes. */
  long newData;

  void clear() {
    files = 0;
    directories = 0;
    regular = 0;
    bytes = 0;
    added = 0;
    newFiles = 0;
    newBytes = 0;
    newData = 0;
  }

  void count(StatBuffer entry) {
    if (!entry.isDirectory()) {
      files++;
      if (entry.isRegular()) {
        regular++;
        bytes += entry.size();
      }
    }
  }

  /**
   * An entry of a directory nobody knew; that of a file with several names is counted elsewhere.
   */
  void countNew(StatBuffer entry) {
    added++;
    if (!isLinked(entry)) {
      newFiles++;
      newBytes += entry.isRegular() ? entry.size() : 0;
      newData += entry.isRegular() ? entry.data() : 0;
    }
  }

  static boolean isLinked(StatBuffer entry) {
    return entry.isRegular() && entry.nlink() > 1;
  }

  void add(ScanTotals other) {
    files += other.files;
    directories += other.directories;
    regular += other.regular;
    bytes += other.bytes;
    added += other.added;
    newFiles += other.newFiles;
    newBytes += other.newBytes;
    newData += other.newData;
  }
}
