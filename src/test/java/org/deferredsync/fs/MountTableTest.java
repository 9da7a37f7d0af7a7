package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.fs.MountTable.Mount;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class MountTableTest {
  private static final String TABLE =
      """
      22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
      30 22 0:21 / /proc rw,nosuid - proc proc rw
      41 22 8:17 / /mnt/back\\040up\\011\\134 rw,noatime shared:3 master:7 - xfs /dev/sdb1 rw
      42 22 8:17 /inner/dir /mnt/bind rw - xfs /dev/sdb1 rw
      43 22 8:33 / /mnt/bindery rw - ext4 /dev/sdc1 rw
      50 22 8:49 / /data/deep/one rw - ext4 /dev/sdd1 rw
      51 22 8:65 / /data rw - btrfs /dev/sde1 rw
      52 51 8:81 / /data rw - f2fs /dev/sdf1 rw
      60 52 0:55 / /data/n\\303\\244s rw - nfs4 server:/export rw
      """;

  @TempDir Path directory;

  @Test
  void parse_readsEscapesTagsAndBindMounts() throws IOException {
    List<Mount> mounts = table().mounts();
    assertThat(mounts).hasSize(9);
    Mount backup = mounts.get(2);
    assertThat(new String(backup.mountPoint(), UTF_8)).isEqualTo("/mnt/back up\t\\");
    assertThat(backup.kind()).isEqualTo("xfs");
    assertThat(backup.device()).isEqualTo(Statx.makeDevice(8, 17));
    assertThat(backup.id()).isEqualTo(41);
    assertThat(backup.parent()).isEqualTo(22);
    assertThat(new String(mounts.get(3).root(), UTF_8)).isEqualTo("/inner/dir");
    assertThat(new String(mounts.get(8).mountPoint(), UTF_8)).isEqualTo("/data/näs");
  }

  @Test
  void mountOf_comparesComponents_notLetters() throws IOException {
    assertThat(idOf("/")).isEqualTo(22);
    assertThat(idOf("/etc")).isEqualTo(22);
    assertThat(idOf("/mnt/bind")).isEqualTo(42);
    assertThat(idOf("/mnt/bind/x")).isEqualTo(42);
    assertThat(idOf("/mnt/bindery")).isEqualTo(43);
    assertThat(idOf("/mnt/binder")).isEqualTo(22);
    assertThat(idOf("/procession")).isEqualTo(22);
    assertThat(idOf("/data/näs/x")).isEqualTo(60);
  }

  @Test
  void mountOf_takesTheUpperMost_andNothingThatItHides() throws IOException {
    assertThat(idOf("/data")).isEqualTo(52);
    assertThat(idOf("/data/deep/one/file")).isEqualTo(52);
  }

  @Test
  void mountOf_isEmpty_whereTheTableDoesNotTell() throws IOException {
    assertThat(MountTable.parse(new byte[0]).mountOf(bytes("/x"))).isEmpty();
    MountTable jail = MountTable.parse(bytes("30 22 0:21 / /proc rw - proc proc rw\n"));
    assertThat(jail.mountOf(bytes("/x"))).isEmpty();
    assertThat(jail.mountOf(bytes("/proc/1")).map(Mount::id)).contains(30);
  }

  @Test
  void parse_refusesALineThatItDoesNotUnderstand() {
    for (String line :
        List.of("22 1 259:2 / /", "22 1 259:2 / / rw relatime", "x 1 2:3 / / rw - a b c")) {
      assertThatThrownBy(() -> MountTable.parse(bytes(line)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("/proc/self/mountinfo: line not understood: " + line);
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void ofSystem_agreesWithTheKernel() throws IOException {
    MountTable table = MountTable.ofSystem();
    assertThat(table.mountOf(bytes("/proc/self")).map(Mount::kind)).contains("proc");
    Posix posix = Posix.ofSystem();
    for (String path : List.of("/", "/proc", "/sys", "/dev", "/etc", "/usr")) {
      int opened = posix.openPath(bytes(path));
      byte[] mountPoint = table.mountOf(bytes(path)).orElseThrow().mountPoint();
      assertThat(posix.stat(opened).mountRoot())
          .as(path)
          .isEqualTo(new String(mountPoint, ISO_8859_1).equals(path));
      posix.close(opened);
    }
  }

  @Test
  void fstabMountPoints_leavesOutSwapAndComments() throws IOException {
    Path fstab =
        Files.write(
            directory.resolve("fstab"),
            bytes(
                """
                # /dev/sda9 /commented ext4 defaults 0 0

                UUID=1\t/               ext4 errors=remount-ro 0 1
                UUID=2 none swap sw 0 0
                UUID=3 swap swap sw 0 0
                  #indented /comment ext4 defaults 0 0
                LABEL=b /mnt/back\\040up/ xfs noauto,nofail 0 2
                server:/e /srv/\\303\\244 nfs defaults
                lonely
                /dev/sdz1 /last ext4"""));
    assertThat(MountTable.fstabMountPoints(fstab).stream().map(p -> new String(p, UTF_8)))
        .containsExactly("/", "/mnt/back up", "/srv/ä", "/last");
    assertThat(MountTable.fstabMountPoints(directory.resolve("absent"))).isEmpty();
  }

  private static MountTable table() throws IOException {
    return MountTable.parse(bytes(TABLE));
  }

  private static int idOf(String path) throws IOException {
    return table().mountOf(bytes(path)).orElseThrow().id();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
