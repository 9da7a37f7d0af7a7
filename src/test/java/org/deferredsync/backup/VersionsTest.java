package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.junit.jupiter.api.Test;

/** Only what nothing about it tells of a change is believed to be what was stored. */
final class VersionsTest {
  private static final Stat FILE = stat(7, 0100644, 1, 2, 3, 4, 5, 6, 0, false);
  private static final Stat DIRECTORY = stat(7, 0040755, 1, 2, 3, 4, 5, 6, 0, false);

  private static Stat stat(
      long inode,
      int mode,
      int nlink,
      int uid,
      int gid,
      long size,
      long mtime,
      long ctime,
      long rdev,
      boolean mountRoot) {
    return new Stat(1, inode, mode, nlink, uid, gid, size, 8, mtime, ctime, rdev, mountRoot);
  }

  private static Entry stored(Stat stat, boolean racy) {
    return new Entry(
        "name".getBytes(StandardCharsets.US_ASCII),
        1,
        Versions.of(stat),
        Versions.evidence(stat, racy));
  }

  @Test
  void evidence_isTheSame_whereAllOfItIs() {
    assertThat(Versions.sameEvidence(FILE, stored(FILE, false))).isTrue();
    assertThat(Versions.sameEvidence(FILE, stored(FILE, true))).as("racy").isFalse();
    for (Stat other :
        List.of(
            stat(8, 0100644, 1, 2, 3, 4, 5, 6, 0, false),
            stat(7, 0100600, 1, 2, 3, 4, 5, 6, 0, false),
            stat(7, 0100644, 2, 2, 3, 4, 5, 6, 0, false),
            stat(7, 0100644, 1, 9, 3, 4, 5, 6, 0, false),
            stat(7, 0100644, 1, 2, 9, 4, 5, 6, 0, false),
            stat(7, 0100644, 1, 2, 3, 9, 5, 6, 0, false),
            stat(7, 0100644, 1, 2, 3, 4, 9, 6, 0, false),
            stat(7, 0100644, 1, 2, 3, 4, 5, 9, 0, false),
            stat(7, 0100644, 1, 2, 3, 4, 5, 6, 9, false),
            stat(7, 0100644, 1, 2, 3, 4, 5, 6, 0, true))) {
      assertThat(Versions.sameEvidence(other, stored(FILE, false))).as("%s", other).isFalse();
    }
  }

  /** File systems count names in the size of a directory each in its way. */
  @Test
  void evidence_takesNoAccountOfTheSizeOfADirectory() {
    Stat larger = stat(7, 0040755, 1, 2, 3, 4096, 5, 6, 0, false);

    assertThat(Versions.sameEvidence(larger, stored(DIRECTORY, false))).isTrue();
  }
}
