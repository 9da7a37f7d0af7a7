package org.deferredsync.backup;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Space;
import org.deferredsync.fs.Xattr;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** What cannot be kept is told once, and what fails otherwise is a failure. */
@EnabledOnOs(OS.LINUX)
final class MetadataTest {
  private static final int NOBODY = 65534;
  private static final byte[] NAME = "file".getBytes(US_ASCII);
  private static final FilePath PATH = FilePath.ROOT.child(NAME);
  private static final ExtendedAttributes WANTED = attributes("user.wanted", "value");

  @TempDir private Path scratch;
  private final Unkept unkept = new Unkept(LoggerFactory.getLogger("metadata"), "the copy");

  @BeforeEach
  void make() throws IOException {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root gives files away");
    Files.createFile(scratch.resolve("file"));
  }

  private static ExtendedAttributes attributes(String name, String value) {
    return ExtendedAttributes.of(
        List.of(new Attribute(name.getBytes(US_ASCII), value.getBytes(US_ASCII))));
  }

  private static Version version(int mode, int uid) {
    return new Version(mode, uid, 7, 0, 5_000_000_007L, 0, null, null, null, 1L, false);
  }

  private interface Setting {
    void by(Metadata metadata, int directory, Version version, ExtendedAttributes attributes)
        throws IOException;
  }

  /** By its name, and by its descriptor while it is being made. */
  private static List<Setting> ways(Posix posix) {
    return List.of(
        (metadata, directory, version, attributes) ->
            metadata.set(directory, NAME, PATH, version, attributes),
        (metadata, directory, version, attributes) -> {
          int file = posix.openFile(directory, NAME);
          try {
            metadata.setOpen(file, directory, NAME, PATH, version, attributes);
          } finally {
            posix.close(file);
          }
        });
  }

  private void set(Posix posix, Setting way, Version version, ExtendedAttributes attributes)
      throws IOException {
    int directory = posix.openPath(EngineFixture.filePath(scratch).bytes());
    try {
      way.by(Metadata.ofRestore(posix, unkept), directory, version, attributes);
    } finally {
      posix.close(directory);
    }
  }

  private Map<String, String> attributesNow() throws IOException {
    Posix posix = Posix.ofSystem();
    int directory = posix.openPath(EngineFixture.filePath(scratch).bytes());
    try {
      Map<String, String> all = new TreeMap<>();
      for (Xattr one : posix.xattrs(directory, NAME)) {
        all.put(new String(one.name(), US_ASCII), new String(one.value(), US_ASCII));
      }
      return all;
    } finally {
      posix.close(directory);
    }
  }

  private static FaultyPosix asNobody() {
    return new FaultyPosix(Answering.user(Posix.ofSystem(), NOBODY));
  }

  @ParameterizedTest
  @EnumSource(names = {"EPERM", "EINVAL", "EOPNOTSUPP", "ENOSYS", "EIO"})
  void group_isSaidOnce_whereAnOrdinaryUserCannotGiveIt(Errno errno) throws Exception {
    FaultyPosix posix = asNobody();
    posix.failAlways(Call.SET_OWNER, errno);
    for (Setting way : ways(posix)) {
      if (errno == Errno.EIO) {
        assertThatThrownBy(() -> set(posix, way, version(0100640, NOBODY), WANTED))
            .isInstanceOf(PosixException.class);
        assertThat(unkept.kinds()).isEmpty();
        continue;
      }
      set(posix, way, version(0100640, NOBODY), ExtendedAttributes.NONE);
      assertThat(unkept.kinds()).containsExactly("the group");
      assertThat(Files.getAttribute(scratch.resolve("file"), "unix:mode")).isEqualTo(0100640);
    }
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  void owner_isSaid_andWhatRunsAsThatOwnerIsNotMade_byAnOrdinaryUser() throws Exception {
    FaultyPosix posix = asNobody();
    for (Setting way : ways(posix)) {
      set(posix, way, version(0106755, 0), ExtendedAttributes.NONE);
      assertThat(Files.getAttribute(scratch.resolve("file"), "unix:mode")).isEqualTo(0100755);
      set(posix, way, version(0106755, NOBODY), ExtendedAttributes.NONE);
      assertThat(Files.getAttribute(scratch.resolve("file"), "unix:mode")).isEqualTo(0106755);
    }
    assertThat(unkept.kinds()).containsExactly("the owner");
  }

  @Test
  void mirror_staysReadable_toTheOrdinaryUserWhoMadeIt() {
    Posix nobody = Answering.user(Posix.ofSystem(), NOBODY);
    Metadata mirror = Metadata.ofMirror(nobody, unkept);
    Metadata restored = Metadata.ofRestore(nobody, unkept);

    assertThat(mirror.permissions(version(0100000, NOBODY))).isEqualTo(0400);
    assertThat(mirror.permissions(version(0040000, NOBODY))).isEqualTo(0500);
    assertThat(restored.permissions(version(0100000, NOBODY))).isZero();
    assertThat(Metadata.ofMirror(Posix.ofSystem(), unkept).permissions(version(0106000, 5)))
        .isEqualTo(06000);
  }

  /** Only what may be written to takes attributes from who is not root. */
  @Test
  void attributes_areSet_onWhatIsNotToBeWrittenTo() throws Exception {
    FaultyPosix posix = asNobody();
    for (Setting way : ways(posix)) {
      set(posix, way, version(0100444, NOBODY), WANTED);
      assertThat(attributesNow()).containsEntry("user.wanted", "value");
      assertThat(Files.getAttribute(scratch.resolve("file"), "unix:mode")).isEqualTo(0100444);
      set(posix, way, version(0100444, NOBODY), ExtendedAttributes.NONE);
      assertThat(attributesNow()).doesNotContainKey("user.wanted");
    }
    List<String> changes =
        posix.changes().stream().map(change -> change.substring(0, change.indexOf(' '))).toList();
    assertThat(changes)
        .containsSubsequence("SET_MODE", "SET_XATTR", "SET_MODE")
        .containsSubsequence("SET_MODE", "REMOVE_XATTR", "SET_MODE");
    set(Posix.ofSystem(), ways(posix).get(0), version(0100444, NOBODY), WANTED);
    assertThat(attributesNow()).containsEntry("user.wanted", "value");
  }

  @Test
  void attributes_ofTheSystem_areNotTakenAway() throws Exception {
    Posix posix = Posix.ofSystem();
    Setting byName = ways(posix).get(0);
    set(posix, byName, version(0100644, 0), attributes("security.SMACK64", "_"));
    assumeTrue(unkept.kinds().isEmpty(), "the system guards that attribute");

    set(posix, byName, version(0100644, 0), WANTED);
    set(posix, byName, version(0100644, 0), attributes("user.wanted", "another"));

    assertThat(attributesNow())
        .containsEntry("security.SMACK64", "_")
        .containsEntry("user.wanted", "another");
  }

  @ParameterizedTest
  @EnumSource(
      names = {"EOPNOTSUPP", "EPERM", "EACCES", "EINVAL", "ERANGE", "E2BIG", "ENOSPC", "EIO"})
  void attribute_isSaidOnce_whereTheFileSystemRefusesIt(Errno errno) throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.SET_XATTR, errno);
    for (Setting way : ways(posix)) {
      if (errno == Errno.EIO) {
        assertThatThrownBy(() -> set(posix, way, version(0100644, 0), WANTED))
            .isInstanceOf(PosixException.class);
        continue;
      }
      set(posix, way, version(0100644, 0), WANTED);
      assertThat(unkept.kinds()).containsExactly("the attribute user.wanted");
    }
  }

  /** Else what is restored or backed up without it would be taken for whole. */
  @Test
  void attribute_isAFailure_whereTheDiskIsFull() {
    FaultyPosix posix =
        new FaultyPosix(
            Answering.of(Posix.ofSystem(), Map.of("space", new Space(1 << 20, 5, "ext4"))));
    posix.failAlways(Call.SET_XATTR, Errno.ENOSPC);
    for (Setting way : ways(posix)) {
      assertThatThrownBy(() -> set(posix, way, version(0100644, 0), WANTED))
          .isInstanceOf(PosixException.class)
          .hasMessageContaining(Errno.ENOSPC.text());
    }
    assertThat(unkept.kinds()).isEmpty();
  }

  @Test
  void time_isSaidOnce_whereTheSystemHasNoSuch() throws Exception {
    for (Errno errno : Arrays.asList(Errno.EIO, Errno.EINVAL)) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failAlways(Call.SET_TIME, errno);
      for (Setting way : ways(posix)) {
        if (errno == Errno.EINVAL) {
          set(posix, way, version(0100644, 0), WANTED);
          assertThat(unkept.kinds()).containsExactly("the time of some files");
        } else {
          assertThatThrownBy(() -> set(posix, way, version(0100644, 0), WANTED))
              .isInstanceOf(PosixException.class);
          assertThat(unkept.kinds()).isEmpty();
        }
      }
    }
  }
}
