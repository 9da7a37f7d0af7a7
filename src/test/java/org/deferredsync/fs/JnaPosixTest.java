package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Linux's own calls lack nothing. */
@EnabledOnOs(OS.LINUX)
final class JnaPosixTest extends PosixContractTest {
  @Override
  Posix newPosix() {
    return JnaPosix.load();
  }

  @Override
  Set<Lack> lacks() {
    return Set.of();
  }

  @Test
  void setModeByDescriptor_doesTheSame_onKernelsWithoutFchmodat2() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
    Files.createDirectory(root.resolve("directory"));
    JnaModes.setByDescriptor(directory(), bytes("file"), 04711);
    JnaModes.setByDescriptor(directory(), bytes("directory"), 01700);
    assertThat(stat("file").permissions()).isEqualTo(04711);
    assertThat(stat("directory").permissions()).isEqualTo(01700);
    assertThatThrownBy(() -> JnaModes.setByDescriptor(directory(), bytes("link"), 0777))
        .isInstanceOfSatisfying(
            PosixException.class, e -> assertThat(e.is(Errno.EOPNOTSUPP)).isTrue());
    assertThat(stat("file").permissions()).isEqualTo(04711);
  }

  @Test
  void statx_saturates_whatNoLongHolds() {
    assertThat(Statx.nanoseconds(9_223_372_035L, 999_999_999))
        .isEqualTo(9_223_372_035_999_999_999L);
    assertThat(Statx.nanoseconds(9_223_372_036L, 0)).isEqualTo(Long.MAX_VALUE);
    assertThat(Statx.nanoseconds(Long.MAX_VALUE, 1)).isEqualTo(Long.MAX_VALUE);
    assertThat(Statx.nanoseconds(-9_223_372_036L, 1)).isEqualTo(-9_223_372_035_999_999_999L);
    assertThat(Statx.nanoseconds(-9_223_372_037L, 999_999_999)).isEqualTo(Long.MIN_VALUE);
    assertThat(Statx.nanoseconds(-1, 999_999_999)).isEqualTo(-1);
  }

  @Test
  void statx_knowsNoMountRoot_whereTheKernelSaysNothing() {
    ByteBuffer statx = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());
    statx.putLong(8, 0x2000);
    assertThat(Statx.knowsMountRoot(statx)).isFalse();
    assertThat(Statx.read(statx).mountRoot()).isFalse();
    statx.putLong(56, 0x2000);
    assertThat(Statx.knowsMountRoot(statx)).isTrue();
    assertThat(Statx.read(statx).mountRoot()).isTrue();
  }

  @Test
  void openLimit_isKnown() {
    assertThat(Posix.ofSystem().openLimit()).isBetween(64L, 1L << 40);
  }

  @Test
  void statfs_readsKindsAndLimits() {
    ByteBuffer statfs = ByteBuffer.allocate(120).order(ByteOrder.nativeOrder());
    statfs.putLong(0, 0x9123683EL).putLong(8, 4096).putLong(32, 10);
    assertThat(Statfs.read(statfs)).isEqualTo(new Space(40960, Long.MAX_VALUE, "btrfs"));
    statfs.putLong(0, 0xF2F52010L).putLong(72, 512).putLong(40, 100).putLong(48, 7);
    assertThat(Statfs.read(statfs)).isEqualTo(new Space(5120, 7, "f2fs"));
    statfs.putLong(0, 0x6969).putLong(32, Long.MAX_VALUE);
    assertThat(Statfs.read(statfs)).isEqualTo(new Space(Long.MAX_VALUE, 7, ""));
  }

  @Test
  void load_saysWhatIsMissing_whenTheNativeLibraryIsNotThere() throws Exception {
    Process process =
        LockHolder.start(
            root, "lock", true, "-Djna.nounpack=true", "-Djna.boot.library.path=" + root);
    String said = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isNotZero();
    assertThat(said)
        .contains("IllegalStateException: native library libjnidispatch.so: ")
        .contains("jna.tmpdir=DIR");
  }

  @Test
  void isFor_namesOnlyTheSystemsWhoseNumbersAreThere() {
    assertThat(JnaPosix.isFor("Linux", "amd64")).isTrue();
    assertThat(JnaPosix.isFor("Linux", "aarch64")).isTrue();
    assertThat(JnaPosix.isFor("Linux", "arm")).isFalse();
    assertThat(JnaPosix.isFor("Linux", "s390x")).isFalse();
    assertThat(JnaPosix.isFor("Mac OS X", "aarch64")).isFalse();
  }
}
