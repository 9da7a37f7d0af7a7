package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Extended attributes, and metadata by descriptor, with every implementation. */
final class XattrTest {
  @TempDir private Path root;

  private static Stream<Posix> implementations() {
    return Stream.of(JnaPosix.load(), new NioPosix(NioNames.ofSystem()));
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void setXattr_keepsEachByte_andReplaces(Posix posix) throws IOException {
    int directory = posix.openPath(bytes(root.toString()));
    int file = posix.createFile(directory, bytes("file"), 0600);
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("user.first"), bytes("old")));
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("user.first"), all));
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("user.empty"), new byte[0]));
    posix.makeDirectory(directory, bytes("inner"), 0700);
    posix.setXattr(directory, bytes("inner"), new Xattr(bytes("user.d"), bytes("1")));

    Map<String, String> expected =
        Map.of("user.first", HexFormat.of().formatHex(all), "user.empty", "");
    assertThat(hex(posix.xattrs(directory, bytes("file")))).isEqualTo(expected);
    assertThat(hex(posix.xattrs(file))).isEqualTo(expected);
    assertThat(hex(posix.xattrs(directory, bytes("inner")))).isEqualTo(Map.of("user.d", "31"));

    posix.removeXattr(directory, bytes("file"), bytes("user.first"));
    assertThat(hex(posix.xattrs(file))).isEqualTo(Map.of("user.empty", ""));
    refused(Errno.ENODATA, () -> posix.removeXattr(directory, bytes("file"), bytes("user.first")));
    refused(Errno.ENOENT, () -> posix.xattrs(directory, bytes("absent")));
    refused(Errno.EINVAL, () -> posix.xattrs(directory, bytes("inner/x")));
    posix.close(file);
    posix.close(directory);
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void aLink_isNotFollowed(Posix posix) throws IOException {
    int directory = posix.openPath(bytes(root.toString()));
    posix.close(posix.createFile(directory, bytes("file"), 0600));
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("user.of"), bytes("file")));
    posix.makeSymlink(directory, bytes("link"), bytes("file"));

    assertThat(posix.xattrs(directory, bytes("link"))).isEmpty();
    assertThatThrownBy(
            () ->
                posix.setXattr(
                    directory, bytes("link"), new Xattr(bytes("user.by"), bytes("link"))))
        .isInstanceOf(PosixException.class);
    assertThat(hex(posix.xattrs(directory, bytes("file")))).containsOnlyKeys("user.of");
    posix.close(directory);
  }

  @Test
  void lists_accessListsAndCapabilities_asRoot() throws IOException {
    Posix posix = JnaPosix.load();
    Assumptions.assumeTrue(posix.effectiveUser() == 0);
    int directory = posix.openPath(bytes(root.toString()));
    posix.close(posix.createFile(directory, bytes("file"), 0640));
    byte[] list = // user::rw- user:1000:r-- group::r-- mask::r-- other::---
        HexFormat.of()
            .parseHex(
                "02000000"
                    + "01000600ffffffff"
                    + "02000400e8030000"
                    + "04000400ffffffff"
                    + "10000400ffffffff"
                    + "20000000ffffffff");
    byte[] capability = HexFormat.of().parseHex("0100000200040000000000000000000000000000");
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("system.posix_acl_access"), list));
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("security.capability"), capability));
    posix.setXattr(directory, bytes("file"), new Xattr(bytes("trusted.any"), bytes("x")));
    posix.makeNode(directory, bytes("pipe"), Stat.FIFO | 0600, 0);
    posix.setXattr(directory, bytes("pipe"), new Xattr(bytes("trusted.p"), bytes("y")));

    assertThat(hex(posix.xattrs(directory, bytes("file"))))
        .containsOnlyKeys("system.posix_acl_access", "security.capability", "trusted.any")
        .containsEntry("security.capability", HexFormat.of().formatHex(capability));
    assertThat(hex(posix.xattrs(directory, bytes("pipe")))).containsOnlyKeys("trusted.p");
    posix.close(directory);
  }

  @ParameterizedTest
  @MethodSource("implementations")
  void byDescriptor_theSameIsSet_asByName(Posix posix) throws IOException {
    int directory = posix.openPath(bytes(root.toString()));
    int file = posix.createFile(directory, bytes("file"), 0600);
    if (posix.effectiveUser() == 0) {
      posix.setOwner(file, 12, 34);
    }
    posix.setMode(file, 04751);
    posix.setTime(file, 4_294_967_296_000_000_001L);
    Stat stat = posix.stat(directory, bytes("file"));
    assertThat(stat.permissions()).isEqualTo(04751);
    assertThat(stat.mtimeNs()).isEqualTo(4_294_967_296_000_000_001L);
    if (posix.effectiveUser() == 0) {
      assertThat(stat.uid()).isEqualTo(12);
      assertThat(stat.gid()).isEqualTo(34);
    }
    posix.close(file);
    posix.close(directory);
  }

  private static Map<String, String> hex(List<Xattr> attributes) {
    Map<String, String> map = new TreeMap<>();
    for (Xattr attribute : attributes) {
      map.put(new String(attribute.name(), UTF_8), HexFormat.of().formatHex(attribute.value()));
    }
    return map;
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(PosixException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
