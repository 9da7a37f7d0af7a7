package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.BackupException.Kind;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Small disks: what is lacking is said before anything is written, and a full one loses nothing.
 */
@EnabledOnOs(OS.LINUX)
final class SpaceTest {
  private static final int MEGABYTE = 1 << 20;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;
  private boolean mounted;
  private int ahead = 20;

  /** File systems of a few megabytes. */
  enum Disk {
    TMPFS {
      @Override
      void mount(Path image, Path at) throws IOException {
        Shell.run("mount", "-t", "tmpfs", "-o", "size=24m,nr_inodes=2000", "none", at.toString());
      }
    },
    EXT4 {
      @Override
      void mount(Path image, Path at) throws IOException {
        ext4(image, at, "-N", "2000");
      }
    },
    FEW_INODES {
      @Override
      void mount(Path image, Path at) throws IOException {
        ext4(image, at, "-N", "200");
      }
    };

    abstract void mount(Path image, Path at) throws IOException;

    private static void ext4(Path image, Path at, String option, String value) throws IOException {
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(24 * MEGABYTE);
      }
      Shell.run("mkfs.ext4", "-q", "-m", "0", option, value, image.toString());
      Shell.run("mount", "-o", "loop", image.toString(), at.toString());
    }
  }

  @BeforeEach
  void begin() throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a small disk");
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  private void mount(Disk disk) throws Exception {
    try {
      disk.mount(scratch.resolve("image"), fixture.target);
    } catch (IOException e) {
      assumeTrue(false, "this system lets nobody mount: " + e.getMessage());
    }
    mounted = true;
    ChangingTree.write(source, "content", "one");
    ChangingTree.write(source, "old/file", "old");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    later();
  }

  @AfterEach
  void unmount() throws IOException {
    if (mounted) {
      Shell.run("umount", fixture.target.toString());
    }
  }

  private void later() {
    ahead += 20;
    fixture.ahead(Duration.ofSeconds(ahead));
  }

  private void big(String name, int megabytes) throws IOException {
    Files.write(source.resolve(name), new byte[megabytes * MEGABYTE]);
    byte[] noise = new byte[megabytes * MEGABYTE];
    Arrays.fill(noise, (byte) name.hashCode());
    Files.write(source.resolve(name), noise);
  }

  private void files(String directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      ChangingTree.write(source, directory + "/" + i, "");
    }
  }

  /** Fills the disk to its last byte, or takes its last inode. */
  private void fill(Disk disk) throws IOException {
    try {
      if (disk == Disk.FEW_INODES) {
        Path directory = Files.createDirectory(fixture.target.resolve("filler"));
        for (int i = 0; ; i++) {
          Files.createFile(directory.resolve(Integer.toString(i)));
        }
      }
      byte[] block = new byte[4096];
      try (OutputStream filler = Files.newOutputStream(fixture.target.resolve("filler"))) {
        while (true) {
          filler.write(block);
        }
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private void makeRoom() throws IOException {
    TargetChecks.delete(fixture.target.resolve("filler"));
  }

  private BackupException refused() {
    BackupException refusal = catchThrowableOfType(BackupException.class, () -> fixture.run());
    assertThat(refusal).isNotNull();
    assertThat(refusal.getMessage()).doesNotContain("\n");
    return refusal;
  }

  @ParameterizedTest
  @EnumSource(value = Disk.class, names = "FEW_INODES", mode = EnumSource.Mode.EXCLUDE)
  void run_namesTheBytesThatAreShort_andWritesNothing(Disk disk) throws Exception {
    mount(disk);
    big("big", 40);
    Set<String> before = TreeText.of(fixture.target).keySet();

    BackupException refusal = refused();

    assertThat(refusal.kind()).isEqualTo(Kind.PREREQUISITE);
    assertThat(refusal).hasMessageMatching(".*40\\.\\S* MiB needed, .* free: .* short; nothing.*");
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThat(TreeText.of(fixture.target).keySet()).isSubsetOf(plusTrace(before));
  }

  /** What SQLite leaves beside a database that is open, or was in a process that is this one. */
  private static Set<String> plusTrace(Set<String> names) {
    Set<String> all = new TreeSet<>(names);
    all.add(".deferred-sync/catalogue.db-wal");
    all.add(".deferred-sync/catalogue.db-shm");
    return all;
  }

  @Test
  void run_namesTheInodesThatAreShort() throws Exception {
    mount(Disk.FEW_INODES);
    files("many", 300);

    BackupException refusal = refused();

    assertThat(refusal.kind()).isEqualTo(Kind.PREREQUISITE);
    assertThat(refusal).hasMessageMatching(".*30\\d inodes needed, \\d+ free: \\d+ short; .*");
  }

  @Test
  void run_namesTheInodesThatAreShort_whereTheDirectoryIsKnown() throws Exception {
    files("many", 10);
    mount(Disk.FEW_INODES);
    files("many", 300);

    assertThat(refused()).hasMessageMatching(".*(29|30)\\d inodes needed, \\d+ free: .* short; .*");
  }

  @Test
  void run_countsHolesForNothing() throws Exception {
    try (RandomAccessFile sparse = new RandomAccessFile(source.resolve("sparse").toFile(), "rw")) {
      sparse.setLength(1L << 27);
      sparse.write(1);
    }
    mount(Disk.TMPFS);

    assertThat(fixture.mirror(source.resolve("sparse"))).hasSize(1L << 27);
  }

  @Test
  void run_needsNoInodes_forWhatGoesIntoHistory() throws Exception {
    files("many", 100);
    mount(Disk.FEW_INODES);
    TargetChecks.delete(source.resolve("many"));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
  }

  @Test
  void run_letsExpiredSnapshotsGoFirst_whenRoomIsShort() throws Exception {
    fixture.with(new Retention(2, 1));
    mount(Disk.TMPFS);
    big("big", 7);
    fixture.ahead(Duration.ofDays(1));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    Files.delete(source.resolve("big"));
    fixture.ahead(Duration.ofDays(2));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    big("other", 16);
    fixture.ahead(Duration.ofDays(2).plusHours(1));
    assertThat(refused().kind()).isEqualTo(Kind.PREREQUISITE);

    fixture.ahead(Duration.ofDays(10));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(fixture.mirror(source.resolve("other"))).exists();
  }

  @ParameterizedTest
  @EnumSource(Disk.class)
  void fullDiskInTheMiddle_losesNothing(Disk disk) throws Exception {
    mount(disk);
    Map<String, String> first = TreeText.of(source);
    ChangingTree.write(source, "content", "two, longer");
    Files.delete(source.resolve("old/file"));
    files("new", 20);
    big("big", 3);
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.LINK, "content", () -> fill(disk));
    fixture.with(posix);

    BackupException trouble = refused();

    assertThat(trouble.kind()).isEqualTo(Kind.FAILURE);
    assertThat(trouble.getMessage())
        .startsWith(fixture.target.toString())
        .contains(disk == Disk.FEW_INODES ? "no inode is left" : "full, ")
        .contains("nothing that was stored is lost");
    assertThat(posix.openObjects()).isEmpty();
    assertThat(TargetChecks.restored(fixture, 1)).as("at 0 bytes free").isEqualTo(first);
    fixture.with(Posix.ofSystem());
    makeRoom();
    later();
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  @ParameterizedTest
  @EnumSource(Disk.class)
  void pruneAndRestore_work_whenNothingIsFree(Disk disk) throws Exception {
    Retention retention = new Retention(2, 1);
    fixture.with(retention);
    mount(disk);
    for (int day = 1; day < 5; day++) {
      fixture.ahead(Duration.ofHours(day));
      big("big", day % 2 + 1);
      fixture.run();
    }
    Map<String, String> last = TreeText.of(source);
    fixture.ahead(Duration.ofDays(9));
    fill(disk);

    Prune.Report report = fixture.prune(source).run(retention);

    assertThat(report.deleted()).isEqualTo(3);
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(5L);
    assertThat(TargetChecks.restored(fixture, 5)).isEqualTo(last);
    makeRoom();
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void run_isRefused_onADiskThatIsReadOnly() throws Exception {
    mount(Disk.EXT4);
    ChangingTree.write(source, "content", "two, longer");
    Shell.run("mount", "-o", "remount,ro", fixture.target.toString());

    BackupException refusal = refused();

    assertThat(refusal.kind()).isEqualTo(Kind.PREREQUISITE);
    assertThat(refusal).hasMessageContaining("mounted read-only");
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    Shell.run("mount", "-o", "remount,rw", fixture.target.toString());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void run_fails_andExpiresNothing_whenTheDiskBecomesReadOnly() throws Exception {
    fixture.with(new Retention(2, 1));
    mount(Disk.TMPFS);
    ChangingTree.write(source, "content", "two, longer");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    ChangingTree.write(source, "content", "three, and longer");
    fixture.ahead(Duration.ofDays(9));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.LINK,
        "content",
        () -> {
          for (Call call : Call.values()) {
            if (call.mutates()) {
              posix.failAlways(call, Errno.EROFS);
            }
          }
        });
    fixture.with(posix);

    BackupException trouble = refused();

    assertThat(trouble.kind()).isEqualTo(Kind.FAILURE);
    assertThat(trouble).hasMessageContaining("has become read-only");
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L, 2L);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  /** What a kernel does with a disk whose errors it has noticed, while files on it are open. */
  private void becomeReadOnly() throws IOException {
    Object device = Files.getFileStore(fixture.target).name();
    Path trigger =
        Path.of("/sys/fs/ext4", Path.of(device.toString()).getFileName() + "", "trigger_fs_error");
    assumeTrue(Files.isWritable(trigger), "this kernel cannot play a failing disk");
    Files.writeString(trigger, "a failing disk, played by a test");
  }

  @Test
  void run_fails_andExpiresNothing_whenTheKernelRemountsTheDiskReadOnly() throws Exception {
    fixture.with(new Retention(2, 1));
    mount(Disk.EXT4);
    Shell.run("mount", "-o", "remount,errors=remount-ro", fixture.target.toString());
    ChangingTree.write(source, "content", "two, longer");
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    Map<String, String> second = TreeText.of(source);
    ChangingTree.write(source, "content", "three, and longer");
    fixture.ahead(Duration.ofDays(9));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.LINK, "content", this::becomeReadOnly);
    fixture.with(posix);

    BackupException trouble = refused();

    assertThat(trouble.kind()).isEqualTo(Kind.FAILURE);
    assertThat(trouble)
        .hasMessageContaining(fixture.target + ": has become read-only; see why, its disk may be");
    Shell.run("umount", fixture.target.toString());
    Shell.run("mount", "-o", "loop", scratch.resolve("image").toString(), fixture.target + "");
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L, 2L);
    assertThat(TargetChecks.restored(fixture, 2)).isEqualTo(second);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }
}
