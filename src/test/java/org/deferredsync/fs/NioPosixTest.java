package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Java's file API keeps what its Javadoc does not except. */
final class NioPosixTest extends PosixContractTest {
  @Override
  Posix newPosix() {
    return new NioPosix(NioNames.ofSystem());
  }

  @Override
  Set<Lack> lacks() {
    return EnumSet.of(
        Lack.NAMES_OF_ANY_BYTES,
        Lack.LINK_TEXTS_OF_ANY_FORM,
        Lack.NODES,
        Lack.NANOSECONDS_OF_LINKS,
        Lack.FRACTIONS_BEFORE_1970,
        Lack.UNTOUCHED_ACCESS_TIME,
        Lack.HOLES,
        Lack.MOUNT_ROOTS,
        Lack.SYNC_OF_A_FILE_SYSTEM,
        Lack.SHARED_LOCKS_IN_ONE_PROCESS,
        Lack.DESCRIPTORS_AFTER_RENAME);
  }

  @Test
  void aName_thatIsNoTextInTheCharset_isRefused_andSaysSo() throws IOException {
    for (var charset : Set.of(UTF_8, US_ASCII)) {
      Posix posix = new NioPosix(new NioNames(charset));
      int opened = posix.openPath(bytes(root.toString()));
      assertThatThrownBy(() -> posix.createFile(opened, new byte[] {(byte) 0xff}, 0600))
          .isInstanceOf(PosixException.class)
          .hasMessageContaining("\\xff")
          .hasMessageContaining("not kept by Java's file names in " + charset);
      posix.close(opened);
    }
  }

  @Test
  void list_refusesANameThatIsNoText_ratherThanLeavingItOut() throws IOException {
    Posix linux = JnaPosix.load();
    int opened = linux.openPath(bytes(root.toString()));
    linux.close(linux.createFile(opened, new byte[] {'a', (byte) 0xff}, 0600));
    linux.close(opened);
    assertThatThrownBy(() -> posix().list(directory(), entry -> {}))
        .isInstanceOf(PosixException.class)
        .hasMessageContaining("not kept by Java's file names");
  }

  @Test
  void aLinkText_thatJavaWouldChange_isRefused() throws IOException {
    Posix linux = JnaPosix.load();
    int opened = linux.openPath(bytes(root.toString()));
    linux.makeSymlink(opened, bytes("link"), bytes("a//b"));
    linux.close(opened);
    assertThatThrownBy(() -> posix().readLink(directory(), bytes("link")))
        .hasMessageContaining("not kept");
    assertThatThrownBy(() -> posix().makeSymlink(directory(), bytes("new"), bytes("a/")))
        .hasMessageContaining("not kept");
    assertThat(Files.exists(root.resolve("new"))).isFalse();
    Files.createSymbolicLink(root.resolve("plain"), Path.of("../a/b"));
    assertThat(posix().readLink(directory(), bytes("plain"))).isEqualTo(bytes("../a/b"));
  }
}
