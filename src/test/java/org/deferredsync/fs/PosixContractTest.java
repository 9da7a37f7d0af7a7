package org.deferredsync.fs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Posix} must do on a real file system, but for what it says it lacks. */
abstract class PosixContractTest {
  private static final int ABSENT_DESCRIPTOR = 1_000_000;

  @TempDir Path root;
  private Posix posix = newPosix();
  private int directory;

  abstract Posix newPosix();

  abstract Set<Lack> lacks();

  /** The one under test in this test. */
  final Posix posix() {
    return posix;
  }

  @BeforeEach
  void openRoot() throws IOException {
    posix = newPosix();
    directory = posix.openPath(root.toString().getBytes(UTF_8));
  }

  @AfterEach
  void closeRoot() throws IOException {
    posix.close(directory);
  }

  @Test
  void openPath_followsLinks_asTheOperatorWroteThem() throws IOException {
    Files.createDirectory(root.resolve("real"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("real"));
    int opened = posix.openPath(root.resolve("link").toString().getBytes(UTF_8));
    assertThat(posix.stat(opened).inode()).isEqualTo(stat("real").inode());
    posix.close(opened);
  }

  @Test
  void openPath_refuses_whatIsNoDirectoryOrNotAbsolute() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    refused(Errno.EINVAL, () -> posix.openPath(bytes("tmp")));
    refused(Errno.EINVAL, () -> posix.openPath(bytes("")));
    refused(Errno.ENOENT, () -> posix.openPath(bytes(root + "/absent")));
    refused(Errno.ENOTDIR, () -> posix.openPath(bytes(root + "/file")));
    refused(Errno.ENAMETOOLONG, () -> posix.openPath(bytes("/" + "x/".repeat(2048))));
  }

  @Test
  void openDirectory_opensOneBelow_andRefusesEverythingElse() throws IOException {
    Files.createDirectories(root.resolve("a/b"));
    Files.writeString(root.resolve("file"), "x");
    Files.createSymbolicLink(root.resolve("link"), Path.of("a"));
    int a = posix.openDirectory(directory, bytes("a"));
    int b = posix.openDirectory(a, bytes("b"));
    assertThat(posix.stat(b).isDirectory()).isTrue();
    posix.close(b);
    posix.close(a);
    refused(Errno.ENOENT, () -> posix.openDirectory(directory, bytes("absent")));
    refused(Errno.ENOTDIR, () -> posix.openDirectory(directory, bytes("file")));
    refusedAs(
        Set.of(Errno.ELOOP, Errno.ENOTDIR), () -> posix.openDirectory(directory, bytes("link")));
  }

  @Test
  void everyName_isOneComponent_sinceASlashWouldFollowLinks() throws IOException {
    Files.createDirectories(root.resolve("a/b"));
    refused(Errno.EINVAL, () -> posix.openDirectory(directory, bytes("a/b")));
    refused(Errno.EINVAL, () -> posix.stat(directory, bytes("a/b")));
    refused(Errno.EINVAL, () -> posix.stat(directory, bytes("/")));
    refused(Errno.EINVAL, () -> posix.rename(directory, bytes("a"), directory, bytes("a/c")));
    refused(Errno.EINVAL, () -> posix.unlink(directory, bytes("a\0b")));
    refused(Errno.ENOENT, () -> posix.stat(directory, bytes("")));
  }

  @Test
  void openFile_readsARegularFile_butFollowsNoLink() throws IOException {
    Files.writeString(root.resolve("file"), "text");
    Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
    assertThat(content("file")).isEqualTo("text");
    refused(Errno.ELOOP, () -> posix.openFile(directory, bytes("link")));
    refused(Errno.ENOENT, () -> posix.openFile(directory, bytes("absent")));
  }

  @Test
  void openFile_doesNotWait_forTheWriterOfAFifo() throws IOException {
    assumeFalse(lacks().contains(Lack.NODES));
    posix.makeNode(directory, bytes("fifo"), Stat.FIFO | 0600, 0);
    int opened = posix.openFile(directory, bytes("fifo"));
    assertThat(posix.stat(opened).type()).isEqualTo(Stat.FIFO);
    posix.close(opened);
  }

  @Test
  @Tag("small-rule-15")
  void openFile_leavesNoAccessTime() throws IOException {
    assumeFalse(lacks().contains(Lack.UNTOUCHED_ACCESS_TIME));
    Path file = Files.writeString(root.resolve("file"), "text");
    FileTime old = FileTime.from(100_000, TimeUnit.SECONDS);
    Files.setAttribute(file, "lastAccessTime", old);
    assertThat(content("file")).isEqualTo("text");
    assertThat(Files.getAttribute(file, "lastAccessTime")).isEqualTo(old);
  }

  @Test
  void stat_tellsWhatTheOtherWayTells() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "12345");
    Files.createLink(root.resolve("second"), file);
    Stat stat = stat("file");
    assertThat(stat.isRegular()).isTrue();
    assertThat(stat.size()).isEqualTo(5);
    assertThat(stat.nlink()).isEqualTo(2);
    assertThat(stat.blocks()).isBetween(0L, 128L);
    assertThat(stat.mode()).isEqualTo(attribute(file, "unix:mode"));
    assertThat(stat.uid()).isEqualTo(attribute(file, "unix:uid"));
    assertThat(stat.gid()).isEqualTo(attribute(file, "unix:gid"));
    assertThat(stat.inode()).isEqualTo(attribute(file, "unix:ino"));
    assertThat(stat.device()).isEqualTo(attribute(file, "unix:dev"));
    assertThat(stat.mtimeNs()).isEqualTo(ns((FileTime) attribute(file, "unix:lastModifiedTime")));
    assertThat(stat.ctimeNs()).isEqualTo(ns((FileTime) attribute(file, "unix:ctime")));
    assertThat(stat.rdev()).isZero();
    assertThat(stat.mountRoot()).isFalse();
    assertThat(stat.sameObject(stat("second"))).isTrue();
    int opened = posix.openFile(directory, bytes("file"));
    assertThat(posix.stat(opened)).isEqualTo(stat);
    posix.close(opened);
  }

  @Test
  void stat_looksAtTheLinkItself() throws IOException {
    Files.createSymbolicLink(root.resolve("link"), Path.of("nowhere"));
    assertThat(stat("link").isSymlink()).isTrue();
    assertThat(stat("link").size()).isEqualTo(7);
  }

  @Test
  void stat_refusesAnAbsentNameAndADescriptorThatIsNone() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    refused(Errno.ENOENT, () -> stat("absent"));
    refused(Errno.EBADF, () -> posix.stat(ABSENT_DESCRIPTOR));
    refused(Errno.EBADF, () -> posix.stat(ABSENT_DESCRIPTOR, bytes("x")));
    int file = posix.openFile(directory, bytes("file"));
    refused(Errno.ENOTDIR, () -> posix.stat(file, bytes("x")));
    posix.close(file);
    refused(Errno.EBADF, () -> posix.stat(file));
  }

  @Test
  void stat_knowsMountRootsAndDevices() throws IOException {
    assumeFalse(lacks().contains(Lack.MOUNT_ROOTS));
    int slash = posix.openPath(bytes("/"));
    assertThat(posix.stat(slash).mountRoot()).isTrue();
    assertThat(posix.stat(slash, bytes("proc")).mountRoot()).isTrue();
    int dev = posix.openPath(bytes("/dev"));
    Stat nul = posix.stat(dev, bytes("null"));
    assertThat(nul.type()).isEqualTo(Stat.CHARACTER_DEVICE);
    assertThat(nul.rdev()).isEqualTo(0x103);
    posix.close(dev);
    posix.close(slash);
  }

  @Test
  void list_givesEveryNameOnce_fromTheBeginningEachTime() throws IOException {
    Set<String> expected = new TreeSet<>();
    for (int i = 0; i < 3000; i++) {
      String name = "a-name-that-fills-the-records-of-more-than-one-call-" + i;
      Files.createFile(root.resolve(name));
      expected.add(name);
    }
    for (int time = 0; time < 2; time++) {
      List<String> names = names(directory);
      assertThat(names).hasSize(3000);
      assertThat(new TreeSet<>(names)).isEqualTo(expected);
    }
  }

  @Test
  void list_givesTypes_andMayBeNested() throws IOException {
    Files.createDirectories(root.resolve("a/inner"));
    Files.createDirectories(root.resolve("b/inner"));
    Files.writeString(root.resolve("file"), "x");
    Files.createSymbolicLink(root.resolve("link"), Path.of("a"));
    TreeMap<String, Integer> types = new TreeMap<>();
    List<String> inner = new ArrayList<>();
    posix.list(
        directory,
        entry -> {
          types.put(new String(entry.name(), UTF_8), entry.type());
          try {
            if (posix.stat(directory, entry.name()).isDirectory()) {
              int below = posix.openDirectory(directory, entry.name());
              inner.addAll(names(below));
              posix.close(below);
            }
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(types.keySet()).containsExactly("a", "b", "file", "link");
    assertThat(types.values()).isSubsetOf(0, Stat.DIRECTORY, Stat.REGULAR, Stat.SYMLINK).hasSize(4);
    assertThat(inner).containsExactly("inner", "inner");
  }

  @Test
  void list_refuses_whatIsNoDirectory() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    int file = posix.openFile(directory, bytes("file"));
    refused(Errno.ENOTDIR, () -> names(file));
    posix.close(file);
  }

  @Test
  void statEach_givesWhatListAndStatGive() throws IOException {
    Files.createDirectory(root.resolve("a"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("a"));
    for (int i = 0; i < 2000; i++) {
      Files.writeString(root.resolve("a-name-that-fills-more-than-one-call-" + i), "x".repeat(i));
    }
    Map<String, Stat> expected = new TreeMap<>();
    for (String name : names(directory)) {
      expected.put(name, stat(name));
    }
    for (int time = 0; time < 2; time++) {
      Map<String, Stat> seen = new TreeMap<>();
      posix.statEach(
          directory,
          new StatSink() {
            @Override
            public void take(StatBuffer entry) {
              byte[] copied = new byte[entry.nameLength() + 1];
              entry.copyName(copied, 1);
              assertThat(Arrays.copyOfRange(copied, 1, copied.length)).isEqualTo(entry.name());
              assertThat(seen.put(latin(entry.name()), entry.stat())).isNull();
            }

            @Override
            public void failed(byte[] name, PosixException cause) {
              throw new AssertionError(latin(name), cause);
            }
          });
      assertThat(seen).isEqualTo(expected);
    }
  }

  @Test
  void statEach_tellsOfANameThatWent_andGoesOn() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      Files.createFile(root.resolve(name));
    }
    List<String> taken = new ArrayList<>();
    List<String> gone = new ArrayList<>();
    posix.statEach(
        directory,
        new StatSink() {
          @Override
          public void take(StatBuffer entry) throws IOException {
            taken.add(latin(entry.name()));
            for (String other : List.of("a", "b", "c")) {
              if (!taken.contains(other)) {
                Files.deleteIfExists(root.resolve(other));
              }
            }
          }

          @Override
          public void failed(byte[] name, PosixException cause) {
            assertThat(cause.errno()).isEqualTo(Errno.ENOENT);
            gone.add(latin(name));
          }
        });
    assertThat(taken).hasSize(1);
    assertThat(gone).hasSizeLessThanOrEqualTo(2).doesNotContainAnyElementsOf(taken);
  }

  @Test
  void statEach_refuses_whatIsNoDirectory_andPassesOnWhatTheSinkThrows() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    StatSink refusing =
        new StatSink() {
          @Override
          public void take(StatBuffer entry) throws IOException {
            throw new IOException("enough");
          }

          @Override
          public void failed(byte[] name, PosixException cause) throws IOException {
            throw cause;
          }
        };
    assertThatThrownBy(() -> posix.statEach(directory, refusing)).hasMessage("enough");
    int file = posix.openFile(directory, bytes("file"));
    refused(Errno.ENOTDIR, () -> posix.statEach(file, refusing));
    posix.close(file);
  }

  @Test
  void everyCall_takesNamesOfAnyBytes() throws IOException {
    assumeFalse(lacks().contains(Lack.NAMES_OF_ANY_BYTES));
    List<byte[]> all = new ArrayList<>();
    for (int b = 1; b < 256; b++) {
      if (b != '/') {
        all.add(new byte[] {'n', (byte) b});
      }
    }
    byte[] longest = new byte[255];
    Arrays.fill(longest, (byte) 0xff);
    all.add(longest);
    all.add(HexFormat.of().parseHex("c328"));
    all.add(HexFormat.of().parseHex("eda080"));
    all.add(HexFormat.of().parseHex("c0af"));
    for (byte[] name : all) {
      posix.close(posix.createFile(directory, name, 0600));
      assertThat(posix.stat(directory, name).isRegular()).isTrue();
    }
    assertThat(names(directory))
        .containsExactlyInAnyOrderElementsOf(all.stream().map(PosixContractTest::latin).toList());
    byte[] moved = {(byte) 0xfe};
    for (byte[] name : all) {
      posix.setTime(directory, name, 1);
      posix.setMode(directory, name, 0640);
      posix.rename(directory, name, directory, moved);
      posix.link(directory, moved, directory, name);
      posix.unlink(directory, moved);
      posix.unlink(directory, name);
      posix.makeSymlink(directory, moved, name);
      assertThat(posix.readLink(directory, moved)).isEqualTo(name);
      posix.unlink(directory, moved);
      posix.makeDirectory(directory, name, 0700);
      posix.close(posix.openDirectory(directory, name));
      posix.removeDirectory(directory, name);
    }
    assertThat(names(directory)).isEmpty();
  }

  @Test
  void aName_mayHave255Bytes_andNotMore() throws IOException {
    String longest = "x".repeat(255);
    make(longest, 0600);
    assertThat(names(directory)).containsExactly(longest);
    refused(Errno.ENAMETOOLONG, () -> make(longest + "x", 0600));
    refused(Errno.ENAMETOOLONG, () -> make("x".repeat(5000), 0600));
  }

  @Test
  void readLink_givesTheBytes() throws IOException {
    String longest = "x".repeat(4095);
    posix.makeSymlink(directory, bytes("long"), bytes(longest));
    String dots = lacks().contains(Lack.LINK_TEXTS_OF_ANY_FORM) ? "../a/b" : "../a//b/./";
    posix.makeSymlink(directory, bytes("dots"), bytes(dots));
    make("file", 0600);
    assertThat(posix.readLink(directory, bytes("long"))).isEqualTo(bytes(longest));
    assertThat(posix.readLink(directory, bytes("dots"))).isEqualTo(bytes(dots));
    refused(Errno.EINVAL, () -> posix.readLink(directory, bytes("file")));
    refused(Errno.ENOENT, () -> posix.readLink(directory, bytes("absent")));
  }

  @Test
  void openLimit_isThatOfTheProcess_orUnknown() throws IOException {
    long limit = posix.openLimit();
    if (limit != Long.MAX_VALUE) {
      assertThat(Files.readAllLines(Path.of("/proc/self/limits")))
          .anyMatch(line -> line.matches("Max open files +" + limit + " .*"));
    }
  }

  @Test
  void space_isThatOfTheFileSystem() throws IOException {
    Space space = posix.space(directory);
    long usable = Files.getFileStore(root).getUsableSpace();
    assertThat(space.freeBytes()).isBetween(usable / 2, usable + usable / 2);
    assertThat(space.freeInodes()).isPositive();
    String kind = Files.getFileStore(root).type();
    assertThat(space.kind())
        .isEqualTo(
            Set.of("ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs").contains(kind) ? kind : "");
  }

  @Test
  void effectiveUser_isTheOwnerOfWhatIsMade() throws IOException {
    make("file", 0600);
    assertThat(posix.effectiveUser()).isEqualTo(stat("file").uid());
  }

  @Test
  void write_andRead_giveTheSameBytes_overManyTransfers() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("seed " + seed);
    byte[] bytes = new byte[1_500_000];
    new Random(seed).nextBytes(bytes);
    int file = posix.createFile(directory, bytes("file"), 0600);
    posix.write(file, bytes, 17, bytes.length - 17);
    posix.write(file, bytes, 0, 0);
    posix.sync(file);
    posix.seek(file, 0);
    byte[] back = new byte[bytes.length];
    int at = 17;
    for (int n; (n = posix.read(file, back, at, Math.min(700_000, back.length - at))) > 0; ) {
      at += n;
    }
    assertThat(at).isEqualTo(bytes.length);
    assertThat(Arrays.equals(back, 17, at, bytes, 17, at)).isTrue();
    assertThat(posix.read(file, back, 0, 10)).isZero();
    posix.close(file);
  }

  @Test
  void seek_movesTheNextReadAndWrite() throws IOException {
    int file = posix.createFile(directory, bytes("file"), 0600);
    posix.write(file, bytes("0123456789"), 0, 10);
    posix.seek(file, 4);
    posix.write(file, bytes("xy"), 0, 2);
    byte[] rest = new byte[10];
    assertThat(posix.read(file, rest, 0, 10)).isEqualTo(4);
    assertThat(new String(rest, 0, 4, UTF_8)).isEqualTo("6789");
    refused(Errno.EINVAL, () -> posix.seek(file, -1));
    posix.close(file);
    assertThat(content("file")).isEqualTo("0123xy6789");
  }

  @Test
  void seekData_andSeekHole_findBoth() throws IOException {
    int file = posix.createFile(directory, bytes("file"), 0600);
    long mib = 1 << 20;
    posix.seek(file, mib);
    posix.write(file, new byte[65536], 0, 65536);
    posix.truncate(file, 3 * mib);
    boolean holes = !lacks().contains(Lack.HOLES);
    assertThat(posix.seekData(file, 0)).isEqualTo(holes ? mib : 0);
    assertThat(posix.seekData(file, mib + 5)).isEqualTo(mib + 5);
    assertThat(posix.seekHole(file, 0)).isEqualTo(holes ? 0 : 3 * mib);
    assertThat(posix.seekHole(file, mib)).isEqualTo(holes ? mib + 65536 : 3 * mib);
    assertThat(posix.seekData(file, 2 * mib)).isEqualTo(holes ? -1 : 2 * mib);
    assertThat(posix.seekData(file, 3 * mib)).isEqualTo(-1);
    assertThat(posix.seekHole(file, 3 * mib)).isEqualTo(3 * mib);
    posix.close(file);
  }

  @Test
  void truncate_cutsAndGrows() throws IOException {
    int file = posix.createFile(directory, bytes("file"), 0600);
    posix.write(file, bytes("0123456789"), 0, 10);
    posix.truncate(file, 3);
    assertThat(posix.stat(file).size()).isEqualTo(3);
    posix.truncate(file, 5_000_000_000L);
    assertThat(posix.stat(file).size()).isEqualTo(5_000_000_000L);
    posix.truncate(file, 5);
    posix.close(file);
    assertThat(content("file")).isEqualTo("012\0\0");
  }

  @Test
  void read_andWrite_refuseTheWrongDescriptor() throws IOException {
    make("file", 0600);
    int file = posix.openFile(directory, bytes("file"));
    refused(Errno.EBADF, () -> posix.write(file, new byte[1], 0, 1));
    refused(Errno.EISDIR, () -> posix.read(directory, new byte[1], 0, 1));
    posix.close(file);
    refused(Errno.EBADF, () -> posix.read(file, new byte[1], 0, 1));
    refused(Errno.EBADF, () -> posix.close(file));
  }

  @Test
  void sync_takesFilesAndDirectories() throws IOException {
    int file = posix.createFile(directory, bytes("file"), 0600);
    posix.sync(file);
    posix.close(file);
    posix.sync(directory);
    if (lacks().contains(Lack.SYNC_OF_A_FILE_SYSTEM)) {
      refused(Errno.ENOSYS, () -> posix.syncFileSystem(directory));
    } else {
      posix.syncFileSystem(directory);
    }
    refused(Errno.EBADF, () -> posix.sync(ABSENT_DESCRIPTOR));
    refused(Errno.EBADF, () -> posix.syncFileSystem(ABSENT_DESCRIPTOR));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 022, 0177, 0777})
  void whatIsMade_hasItsExactMode_whateverTheUmask(int umask) throws IOException {
    int old = Umask.umask(umask);
    try {
      for (int mode : new int[] {0600, 0644, 0666, 0400, 0, 04755, 0777}) {
        String octal = Integer.toOctalString(mode);
        make("file" + octal, mode);
        posix.close(posix.openOwn(directory, bytes("own" + octal), mode));
        posix.makeDirectory(directory, bytes("directory" + octal), mode & 0777);
        assertThat(stat("file" + octal).permissions()).isEqualTo(mode);
        assertThat(stat("own" + octal).permissions()).isEqualTo(mode);
        assertThat(stat("directory" + octal).permissions()).isEqualTo(mode & 0777);
      }
      posix.makeDirectory(directory, bytes("sticky"), 01777);
      posix.makeDirectory(directory, bytes("group"), 02750);
      assertThat(stat("sticky").permissions()).isEqualTo(01777);
      assertThat(stat("group").permissions()).isEqualTo(02750);
    } finally {
      Umask.umask(old);
    }
  }

  @Test
  void createFile_neverOpensWhatIsThere() throws IOException {
    Files.writeString(root.resolve("file"), "kept");
    Files.createSymbolicLink(root.resolve("link"), Path.of("elsewhere"));
    refused(Errno.EEXIST, () -> make("file", 0600));
    refused(Errno.EEXIST, () -> make("link", 0600));
    assertThat(content("file")).isEqualTo("kept");
    assertThat(names(directory)).containsExactlyInAnyOrder("file", "link");
  }

  @Test
  void openOwn_keepsWhatIsThere_andFollowsNoLink() throws IOException {
    int made = posix.openOwn(directory, bytes("file"), 0600);
    posix.write(made, bytes("first"), 0, 5);
    posix.close(made);
    int again = posix.openOwn(directory, bytes("file"), 0666);
    posix.write(again, bytes("F"), 0, 1);
    posix.close(again);
    assertThat(content("file")).isEqualTo("First");
    assertThat(stat("file").permissions()).isEqualTo(0600);
    Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
    refused(Errno.ELOOP, () -> posix.openOwn(directory, bytes("link"), 0600));
    refused(Errno.EISDIR, () -> openOwnDirectory());
  }

  private void openOwnDirectory() throws IOException {
    Files.createDirectories(root.resolve("directory"));
    posix.openOwn(directory, bytes("directory"), 0600);
  }

  @Test
  void makeDirectory_andMakeSymlink_replaceNothing() throws IOException {
    Files.writeString(root.resolve("file"), "kept");
    Files.createSymbolicLink(root.resolve("link"), Path.of("elsewhere"));
    for (String name : List.of("file", "link")) {
      refused(Errno.EEXIST, () -> posix.makeDirectory(directory, bytes(name), 0700));
      refused(Errno.EEXIST, () -> posix.makeSymlink(directory, bytes(name), bytes("x")));
    }
    assertThat(content("file")).isEqualTo("kept");
  }

  @Test
  void makeNode_makesFifosSocketsAndDevices() throws IOException {
    if (lacks().contains(Lack.NODES)) {
      refused(Errno.ENOSYS, () -> posix.makeNode(directory, bytes("fifo"), Stat.FIFO | 0600, 0));
      return;
    }
    posix.makeNode(directory, bytes("fifo"), Stat.FIFO | 0666, 0);
    posix.makeNode(directory, bytes("socket"), Stat.SOCKET | 0640, 0);
    assertThat(stat("fifo").mode()).isEqualTo(Stat.FIFO | 0666);
    assertThat(stat("socket").mode()).isEqualTo(Stat.SOCKET | 0640);
    refused(Errno.EEXIST, () -> posix.makeNode(directory, bytes("fifo"), Stat.FIFO | 0600, 0));
    long large = 0xfff12345L;
    refused(
        Errno.EINVAL,
        () -> posix.makeNode(directory, bytes("far"), Stat.BLOCK_DEVICE | 0600, 1L << 32));
    assumeTrue(posix.effectiveUser() == 0);
    posix.makeNode(directory, bytes("device"), Stat.BLOCK_DEVICE | 0600, large);
    assertThat(stat("device").mode()).isEqualTo(Stat.BLOCK_DEVICE | 0600);
    assertThat(stat("device").rdev()).isEqualTo(large);
  }

  @Test
  void link_makesASecondName_ofTheLinkItselfToo() throws IOException {
    Files.writeString(root.resolve("file"), "x");
    Files.createDirectory(root.resolve("directory"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("file"));
    posix.link(directory, bytes("file"), directory, bytes("second"));
    posix.link(directory, bytes("link"), directory, bytes("link2"));
    assertThat(stat("second").sameObject(stat("file"))).isTrue();
    assertThat(stat("link2").sameObject(stat("link"))).isTrue();
    assertThat(stat("link2").isSymlink()).isTrue();
    refused(Errno.EEXIST, () -> posix.link(directory, bytes("file"), directory, bytes("link")));
    refused(Errno.ENOENT, () -> posix.link(directory, bytes("no"), directory, bytes("new")));
    refused(Errno.EPERM, () -> posix.link(directory, bytes("directory"), directory, bytes("d")));
  }

  @Test
  void rename_replacesFilesAndEmptyDirectories_acrossDirectories() throws IOException {
    Files.createDirectories(root.resolve("full/inner"));
    Files.createDirectories(root.resolve("other/empty"));
    Files.writeString(root.resolve("file"), "new");
    Files.writeString(root.resolve("other/file"), "old");
    int other = posix.openDirectory(directory, bytes("other"));
    refused(Errno.EISDIR, () -> posix.rename(directory, bytes("file"), other, bytes("empty")));
    refused(Errno.ENOTDIR, () -> posix.rename(directory, bytes("full"), other, bytes("file")));
    refused(Errno.ENOENT, () -> posix.rename(directory, bytes("absent"), other, bytes("file")));
    refusedAs(
        Set.of(Errno.ENOTEMPTY, Errno.EEXIST),
        () -> posix.rename(other, bytes("empty"), directory, bytes("full")));
    posix.rename(directory, bytes("file"), other, bytes("file"));
    posix.rename(directory, bytes("full"), other, bytes("empty"));
    posix.close(other);
    assertThat(names(directory)).containsExactly("other");
    assertThat(Files.readString(root.resolve("other/file"))).isEqualTo("new");
    assertThat(root.resolve("other/empty/inner")).isDirectory();
  }

  @Test
  void rename_doesNothing_betweenTwoNamesOfOneInode() throws IOException {
    Files.writeString(root.resolve("a"), "x");
    Files.createLink(root.resolve("b"), root.resolve("a"));
    posix.rename(directory, bytes("a"), directory, bytes("b"));
    assertThat(names(directory)).containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void renameNew_renames_butReplacesNothing() throws IOException {
    Files.createDirectories(root.resolve("full/inner"));
    Files.createDirectories(root.resolve("empty"));
    Files.writeString(root.resolve("file"), "x");
    Files.createLink(root.resolve("second"), root.resolve("file"));
    Files.createSymbolicLink(root.resolve("dangling"), Path.of("nowhere"));
    for (String to : List.of("empty", "second", "dangling")) {
      refused(Errno.EEXIST, () -> posix.renameNew(directory, bytes("file"), directory, bytes(to)));
      refused(Errno.EEXIST, () -> posix.renameNew(directory, bytes("full"), directory, bytes(to)));
    }
    posix.renameNew(directory, bytes("file"), directory, bytes("file2"));
    posix.renameNew(directory, bytes("full"), directory, bytes("full2"));
    posix.renameNew(directory, bytes("dangling"), directory, bytes("dangling2"));
    assertThat(names(directory))
        .containsExactlyInAnyOrder("file2", "full2", "second", "dangling2", "empty");
    refused(Errno.ENOENT, () -> posix.renameNew(directory, bytes("no"), directory, bytes("new")));
  }

  @Test
  void aDescriptor_staysWithItsDirectory_whenThatIsRenamed() throws IOException {
    assumeFalse(lacks().contains(Lack.DESCRIPTORS_AFTER_RENAME));
    Files.createDirectories(root.resolve("a/inner"));
    int a = posix.openDirectory(directory, bytes("a"));
    posix.rename(directory, bytes("a"), directory, bytes("b"));
    assertThat(names(a)).containsExactly("inner");
    posix.close(a);
  }

  @Test
  void unlink_andRemoveDirectory_takeOnlyTheirKind() throws IOException {
    Files.createDirectories(root.resolve("full/inner"));
    Files.writeString(root.resolve("file"), "x");
    Files.createSymbolicLink(root.resolve("link"), Path.of("full"));
    refused(Errno.EISDIR, () -> posix.unlink(directory, bytes("full")));
    refused(Errno.ENOTEMPTY, () -> posix.removeDirectory(directory, bytes("full")));
    refused(Errno.ENOTDIR, () -> posix.removeDirectory(directory, bytes("file")));
    refused(Errno.ENOTDIR, () -> posix.removeDirectory(directory, bytes("link")));
    refused(Errno.ENOENT, () -> posix.unlink(directory, bytes("absent")));
    refused(Errno.ENOENT, () -> posix.removeDirectory(directory, bytes("absent")));
    posix.unlink(directory, bytes("link"));
    posix.unlink(directory, bytes("file"));
    int full = posix.openDirectory(directory, bytes("full"));
    posix.removeDirectory(full, bytes("inner"));
    posix.close(full);
    posix.removeDirectory(directory, bytes("full"));
    assertThat(names(directory)).isEmpty();
  }

  @Test
  void setMode_setsAllTwelveBits_butOfNoLink() throws IOException {
    make("file", 0600);
    posix.makeDirectory(directory, bytes("directory"), 0700);
    posix.makeSymlink(directory, bytes("link"), bytes("file"));
    posix.makeSymlink(directory, bytes("dangling"), bytes("nowhere"));
    for (int mode : new int[] {07777, 0, 0444, 06755, 01700}) {
      posix.setMode(directory, bytes("file"), mode);
      posix.setMode(directory, bytes("directory"), mode);
      assertThat(stat("file").permissions()).isEqualTo(mode);
      assertThat(stat("directory").permissions()).isEqualTo(mode);
    }
    posix.setMode(directory, bytes("file"), 0600);
    posix.setMode(directory, bytes("directory"), 0700);
    refused(Errno.EOPNOTSUPP, () -> posix.setMode(directory, bytes("link"), 0777));
    refused(Errno.EOPNOTSUPP, () -> posix.setMode(directory, bytes("dangling"), 0777));
    refused(Errno.ENOENT, () -> posix.setMode(directory, bytes("absent"), 0777));
    assertThat(stat("file").permissions()).isEqualTo(0600);
  }

  @Test
  void setOwner_setsBoth_ofTheLinkItselfToo() throws IOException {
    assumeTrue(posix.effectiveUser() == 0);
    make("file", 0600);
    posix.makeSymlink(directory, bytes("link"), bytes("file"));
    posix.setOwner(directory, bytes("link"), 12, 34);
    assertThat(stat("link").uid()).isEqualTo(12);
    assertThat(stat("link").gid()).isEqualTo(34);
    assertThat(stat("file").uid()).isZero();
    posix.setOwner(directory, bytes("file"), (int) 4_294_967_290L, (int) 4_000_000_000L);
    assertThat(Integer.toUnsignedLong(stat("file").uid())).isEqualTo(4_294_967_290L);
    assertThat(Integer.toUnsignedLong(stat("file").gid())).isEqualTo(4_000_000_000L);
    refused(Errno.ENOENT, () -> posix.setOwner(directory, bytes("absent"), 1, 1));
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        999_999_999,
        -1,
        -999_999_999,
        -1_000_000_001,
        -5_000_000_000L,
        1_700_000_000_123_456_789L,
        4_294_967_296_000_000_001L,
        7_258_118_400_999_999_999L
      })
  void setTime_keepsEachNanosecond_before1970AndAfter2106(long ns) throws IOException {
    make("file", 0600);
    posix.makeDirectory(directory, bytes("directory"), 0700);
    FileTime access = FileTime.from(100_000, TimeUnit.SECONDS);
    Files.setAttribute(root.resolve("file"), "lastAccessTime", access);
    if (ns < 0 && ns % 1_000_000_000 != 0 && lacks().contains(Lack.FRACTIONS_BEFORE_1970)) {
      refused(Errno.EINVAL, () -> posix.setTime(directory, bytes("file"), ns));
      return;
    }
    posix.setTime(directory, bytes("file"), ns);
    posix.setTime(directory, bytes("directory"), ns);
    assertThat(stat("file").mtimeNs()).isEqualTo(ns);
    assertThat(stat("directory").mtimeNs()).isEqualTo(ns);
    assertThat(Files.getAttribute(root.resolve("file"), "lastAccessTime")).isEqualTo(access);
  }

  @Test
  void setTime_ofALink_leavesItsTarget() throws IOException {
    make("file", 0600);
    posix.setTime(directory, bytes("file"), 5);
    posix.makeSymlink(directory, bytes("link"), bytes("file"));
    long ns = lacks().contains(Lack.NANOSECONDS_OF_LINKS) ? 1_000_007_000L : 1_000_000_007L;
    posix.setTime(directory, bytes("link"), ns);
    assertThat(stat("link").mtimeNs()).isEqualTo(ns);
    assertThat(stat("file").mtimeNs()).isEqualTo(5);
    refused(Errno.ENOENT, () -> posix.setTime(directory, bytes("absent"), 1));
  }

  @Test
  void lock_excludes_betweenTwoDescriptorsOfOneProcess() throws IOException {
    int one = posix.openOwn(directory, bytes("lock"), 0600);
    int two = posix.openOwn(directory, bytes("lock"), 0600);
    assertThat(posix.lock(one, 0, true)).isTrue();
    assertThat(posix.lock(two, 0, true)).isFalse();
    assertThat(posix.lock(two, 0, false)).isFalse();
    assertThat(posix.lock(two, 1, true)).isTrue();
    posix.unlock(one, 0);
    assertThat(posix.lock(two, 0, true)).isTrue();
    posix.close(two);
    assertThat(posix.lock(one, 0, true)).isTrue();
    posix.close(one);
  }

  @Test
  void lock_isShared_byTwoThatWantThat() throws IOException {
    assumeFalse(lacks().contains(Lack.SHARED_LOCKS_IN_ONE_PROCESS));
    int one = posix.openOwn(directory, bytes("lock"), 0600);
    int two = posix.openOwn(directory, bytes("lock"), 0600);
    assertThat(posix.lock(one, 7, false)).isTrue();
    assertThat(posix.lock(two, 7, false)).isTrue();
    assertThat(posix.lock(two, 7, true)).isFalse();
    posix.unlock(one, 7);
    assertThat(posix.lock(two, 7, true)).isTrue();
    posix.close(one);
    posix.close(two);
  }

  @Test
  void lock_excludesAnotherProcess_untilThatIsKilled() throws Exception {
    Process holder = LockHolder.start(root, "lock", true);
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), UTF_8))) {
      assertThat(said.readLine()).isEqualTo("held");
      int file = posix.openOwn(directory, bytes("lock"), 0600);
      assertThat(posix.lock(file, 0, true)).isFalse();
      assertThat(posix.lock(file, 0, false)).isFalse();
      assertThat(posix.lock(file, 1, true)).isTrue();
      holder.destroyForcibly().waitFor();
      assertThat(posix.lock(file, 0, true)).isTrue();
      posix.close(file);
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void lock_isSeenByAnotherProcess() throws Exception {
    int file = posix.openOwn(directory, bytes("lock"), 0600);
    assertThat(posix.lock(file, 0, false)).isTrue();
    assertThat(saidBy(LockHolder.start(root, "lock", true))).isEqualTo("refused");
    assertThat(saidBy(LockHolder.start(root, "lock", false))).isEqualTo("held");
    posix.close(file);
  }

  private static String saidBy(Process holder) throws Exception {
    try (BufferedReader said =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), UTF_8))) {
      return said.readLine();
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatIsOpened_isClosedInChildProcesses() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")));
    int file = posix.openOwn(directory, bytes("kept-from-children"), 0600);
    Process child = new ProcessBuilder("ls", "-l", "/proc/self/fd").start();
    String seen = new String(child.getInputStream().readAllBytes(), ISO_8859_1);
    assertThat(child.waitFor()).isZero();
    assertThat(seen).contains(" 1 -> ").doesNotContain(root.toString());
    posix.close(file);
  }

  final int directory() {
    return directory;
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String latin(byte[] name) {
    return new String(name, ISO_8859_1);
  }

  final Stat stat(String name) throws IOException {
    return posix.stat(directory, bytes(name));
  }

  private void make(String name, int mode) throws IOException {
    posix.close(posix.createFile(directory, bytes(name), mode));
  }

  private String content(String name) throws IOException {
    int file = posix.openFile(directory, bytes(name));
    byte[] buffer = new byte[100];
    int length = posix.read(file, buffer, 0, buffer.length);
    posix.close(file);
    return new String(buffer, 0, length, UTF_8);
  }

  private List<String> names(int listed) throws IOException {
    List<String> names = new ArrayList<>();
    posix.list(listed, entry -> names.add(latin(entry.name())));
    return names;
  }

  private static Object attribute(Path path, String name) throws IOException {
    Object value = Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
    return value;
  }

  private static long ns(FileTime time) {
    return time.to(TimeUnit.NANOSECONDS);
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    refusedAs(Set.of(errno), call);
  }

  private static void refusedAs(Set<Errno> errnos, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PosixException.class, e -> assertThat(e.errno()).as(e.getMessage()).isIn(errnos));
  }
}
