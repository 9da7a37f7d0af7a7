package org.deferredsync.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.fs.StatSink;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.SourceState;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a scan finds, however many threads walk, and what it needs for that. */
@EnabledOnOs(OS.LINUX)
final class ScanTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path source;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch);
    source = fixture.source;
  }

  /** What a scan found, as text that can be compared. */
  private record Found(
      Plan plan, List<String> changed, List<String> removed, long unreadable, long vanished) {}

  private Found scan(int threads) throws Exception {
    Engine engine = fixture.engine();
    try (ScanGround ground = ScanGround.open(engine, fixture.target, source)) {
      return new Found(
          ground.scan(threads),
          ground.changed(),
          ground.removed(),
          ground.problems().unreadable(),
          ground.problems().vanished());
    }
  }

  @Test
  void scan_findsTheSame_byOneThreadAndBySeveral() throws Exception {
    long seed = Long.getLong("scan.seed", System.nanoTime());
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 60; i++) {
        changeSomething(random);
      }
      Found one = scan(1);
      assertThat(one.changed()).as("seed %s", seed).isNotEmpty();
      for (int threads : new int[] {2, 4, 9}) {
        assertThat(scan(threads)).as("seed %s", seed).isEqualTo(one);
      }
      fixture.ahead(Duration.ofSeconds(60L * (round + 1)));
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
      fixture.ahead(Duration.ofSeconds(60L * (round + 1) + 30));
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
      assertThat(scan(4).changed()).as("nothing left, seed %s", seed).isEmpty();
    }
  }

  private void changeSomething(Random random) throws IOException {
    List<Path> directories = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    try (var all = Files.walk(source)) {
      all.sorted().forEach(path -> (Files.isDirectory(path) ? directories : files).add(path));
    }
    Path directory = directories.get(random.nextInt(directories.size()));
    Path name = directory.resolve("n" + random.nextInt(1000) + (random.nextBoolean() ? "-" : ""));
    switch (random.nextInt(8)) {
      case 0, 1, 2 -> {
        if (!Files.isRegularFile(name)) {
          Files.createDirectories(name.resolve("below"));
        }
      }
      case 3, 4 -> {
        if (!Files.exists(name)) {
          Files.writeString(name, "x".repeat(random.nextInt(100)));
        }
      }
      case 5 -> {
        if (!files.isEmpty() && !Files.exists(name)) {
          Files.createLink(name, files.get(random.nextInt(files.size())));
        }
      }
      case 6 -> {
        if (!files.isEmpty()) {
          Files.writeString(files.get(random.nextInt(files.size())), "y" + random.nextInt(100));
        }
      }
      default -> {
        if (!directory.equals(source) && random.nextInt(4) == 0) {
          remove(directory);
        } else if (!files.isEmpty()) {
          Files.delete(files.get(random.nextInt(files.size())));
        }
      }
    }
  }

  private static byte[] name(String text) {
    return text.getBytes(UTF_8);
  }

  private static void remove(Path top) throws IOException {
    try (var paths = Files.walk(top)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void scan_givesADirectoryBeforeWhatIsBelowIt_andBothTogether() throws Exception {
    for (String each : List.of("a/x/y", "a-b/z", "a b", "a/x-y")) {
      Files.createDirectories(source.resolve(each));
    }

    assertThat(scan(4).changed())
        .containsExactly("", "/a", "/a/x", "/a/x/y", "/a/x-y", "/a b", "/a-b", "/a-b/z");
  }

  @Test
  @Tag("rule-13")
  void rule13_scan_goesTwoThousandLevelsDown_withFewDescriptors() throws Exception {
    int levels = 2000;
    FaultyPosix posix = FaultyPosix.ofSystem();
    try {
      int at = posix.openPath(EngineFixture.filePath(source).bytes());
      for (int i = 0; i < levels; i++) {
        // One that goes on, and on both sides of it one that has to wait until all of it is done.
        for (String name : List.of("abc", "mno", "xyz")) {
          posix.makeDirectory(at, name(name), 0700);
        }
        int below = posix.openDirectory(at, name("mno"));
        posix.close(at);
        at = below;
      }
      posix.close(at);
      int made = posix.log().size();
      fixture.with(posix);

      Counts counts = fixture.preview().sources().get(0).result().counts();

      assertThat(counts.directories()).isEqualTo(1 + 3L * levels);
      assertThat(counts.added()).isEqualTo(1 + 3L * levels);
      List<FaultyPosix.Entry> calls = posix.log();
      assertThat(mostOpen(calls.subList(made, calls.size()))).isBetween(4, 100);
      assertThat(calls.stream().filter(call -> call.call() == Call.OPEN_DIRECTORY).count())
          .as("closed ones are opened again, but not all of them for each")
          .isLessThan(40L * levels);
      assertThat(posix.openObjects()).isEmpty();
    } finally {
      Shell.run("rm", "-rf", source.toString()); // its paths are longer than Java can say
    }
  }

  private static int mostOpen(List<FaultyPosix.Entry> calls) {
    int open = 0;
    int most = 0;
    for (FaultyPosix.Entry entry : calls) {
      if (entry.call() == Call.OPEN_DIRECTORY || entry.call() == Call.OPEN_PATH) {
        open++;
      } else if (entry.call() == Call.CLOSE) {
        open--;
      }
      most = Math.max(most, open);
    }
    return most;
  }

  @Test
  @Tag("rule-13")
  void rule13_scan_needsNoMemory_forAHugeDirectory() throws Exception {
    Path huge = Files.createDirectory(source.resolve("huge"));
    for (int i = 0; i < 200_000; i++) {
      Files.createFile(huge.resolve("a-file-with-a-name-of-some-length-" + i));
    }
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx16m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                HugeScan.class.getName(),
                source.toString(),
                fixture.target.toString())
            .redirectErrorStream(true)
            .start();
    String out = new String(child.getInputStream().readAllBytes(), UTF_8);
    assertThat(child.waitFor()).as(out).isZero();
    assertThat(out)
        .contains("new: 200000 files, 2 changed")
        .contains("known: 200000 files, 0 changed");
  }

  @Test
  void plan_countsTheBytesOfAFileOnce_whateverNamesItHas() throws Exception {
    Files.writeString(source.resolve("a"), "x".repeat(1000));
    Files.createDirectories(source.resolve("d"));
    for (int i = 0; i < 5; i++) {
      Files.createLink(source.resolve("d/" + i), source.resolve("a"));
    }

    Plan first = scan(4).plan();
    assertThat(first.counts().added()).isEqualTo(8);
    assertThat(first.counts().bytes()).isEqualTo(6000);
    assertThat(first.counts().copiedBytes()).isEqualTo(1000);
    assertThat(first.newFiles()).as("root, d, and one file").isEqualTo(3);
  }

  @Test
  void plan_countsNoBytes_forANewNameOfAFileThatIsStored() throws Exception {
    Files.writeString(source.resolve("a"), "x".repeat(1000));
    fixture.run();
    Files.createDirectories(source.resolve("d"));
    Files.createLink(source.resolve("d/b"), source.resolve("a"));
    Files.createLink(source.resolve("c"), source.resolve("a"));

    Plan plan = scan(4).plan();

    assertThat(plan.counts().added()).isEqualTo(3);
    assertThat(plan.counts().copiedBytes()).isZero();
    assertThat(plan.newFiles()).as("only the directory").isOne();
  }

  @Test
  @Tag("small-rule-1")
  void small1_scan_concludesNothing_fromADirectoryThatCannotBeReadToItsEnd() throws Exception {
    Files.createDirectories(source.resolve("d"));
    Files.writeString(source.resolve("d/x"), "x");
    Files.writeString(source.resolve("d/gone"), "x");
    fixture.run();
    Files.delete(source.resolve("d/gone"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.LIST, "d", Errno.EIO);
    fixture.with(posix);

    assertThat(scan(4)).returns(List.of(), Found::removed).returns(1L, Found::unreadable);
    assertThat(fixture.run().sources().get(0).result().state()).isEqualTo(SourceState.PARTIAL);
    fixture.with(Posix.ofSystem());
    assertThat(scan(4).removed()).containsExactly("/d gone");
  }

  @Test
  @Tag("small-rule-1")
  void small1_scan_keepsWhatVanished_untilAWholeListingLacksIt() throws Exception {
    Files.writeString(source.resolve("x"), "x");
    Files.writeString(source.resolve("gone"), "x");
    fixture.run();
    Files.delete(source.resolve("gone"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT, "x", Errno.ENOENT);
    fixture.with(posix);

    assertThat(scan(4)).returns(List.of(), Found::removed).returns(1L, Found::vanished);
    fixture.with(Posix.ofSystem());
    assertThat(scan(4)).returns(List.of("/ gone"), Found::removed).returns(0L, Found::vanished);
  }

  @Test
  @Tag("small-rule-1")
  void small1_scan_listsAgain_whatChangedWhileItWasListed() throws Exception {
    Files.createDirectories(source.resolve("d"));
    Files.writeString(source.resolve("d/x"), "x");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.STAT, "x", () -> Files.writeString(source.resolve("d/late"), "late"));
    fixture.with(posix);

    Found found = scan(4);

    assertThat(found.plan().counts().files()).isEqualTo(2);
    assertThat(found.plan().counts().directories()).isEqualTo(2);
    assertThat(found.plan().counts().added()).isEqualTo(4);
  }

  @Test
  @Tag("small-rule-1")
  void small1_scan_isIncomplete_whereADirectoryDoesNotHoldStill() throws Exception {
    Files.createDirectories(source.resolve("d"));
    Files.writeString(source.resolve("d/x"), "x");
    Files.writeString(source.resolve("d/gone"), "x");
    fixture.run();
    Files.delete(source.resolve("d/gone"));
    FaultyPosix posix = FaultyPosix.ofSystem();
    for (int i = 0; i < 9; i++) {
      posix.before(
          Call.STAT,
          "x",
          i + 1,
          () -> {
            Files.createFile(source.resolve("d/late"));
            Files.delete(source.resolve("d/late"));
          });
    }
    fixture.with(posix);

    assertThat(scan(4))
        .returns(List.of("", "/d"), Found::changed)
        .returns(List.of(), Found::removed);
  }

  @Test
  void scan_endsWithTheError_whereTheSystemFails() throws Exception {
    for (int i = 0; i < 50; i++) {
      Files.createDirectories(source.resolve("d" + i + "/e"));
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.LIST,
        "d30",
        () -> {
          throw new IOException("no more");
        });
    fixture.with(posix);

    assertThatThrownBy(() -> scan(4)).isInstanceOf(IOException.class).hasMessage("no more");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("scan-"));
    assertThat(posix.openObjects()).isEmpty();
  }

  @Test
  @Tag("small-rule-15")
  void scan_entersNoDirectory_thatTookTheNameOfAListedOne() throws Exception {
    Files.createDirectories(source.resolve("d/e"));
    Files.createDirectories(scratch.resolve("other/e/secret"));
    Posix posix = Posix.ofSystem();
    int top = posix.openPath(EngineFixture.filePath(source).bytes());
    WalkDirectory root = WalkDirectory.top(0, posix.stat(top));
    int d = posix.openDirectory(top, name("d"));
    WalkDirectory directory = WalkDirectory.below(root, name("d"), posix.stat(d));
    WalkDescriptors descriptors = new WalkDescriptors(posix, root, top, 0);
    descriptors.add(directory, d); // and closed at once
    int again = descriptors.use(directory);
    assertThat(posix.stat(again).sameObject(directory.stat())).isTrue();
    descriptors.release(directory);
    descriptors.closeAll();
    Files.move(source.resolve("d"), scratch.resolve("away"));
    Files.move(scratch.resolve("other"), source.resolve("d"));

    assertThatThrownBy(() -> descriptors.use(directory)).hasMessageContaining("no such file");
    descriptors.closeAll();
    posix.close(top);
  }

  @Test
  void names_comeBackInTheirOrder_acrossArrays() throws Exception {
    Set<String> expected = new LinkedHashSet<>();
    for (int i = 0; i < 5000; i++) {
      expected.add("n".repeat(i % 200) + i);
      Files.createDirectory(source.resolve("n".repeat(i % 200) + i));
    }
    Posix posix = Posix.ofSystem();
    int top = posix.openPath(EngineFixture.filePath(source).bytes());
    NameList names = new NameList();
    List<String> added = new ArrayList<>();
    posix.statEach(
        top,
        new StatSink() {
          @Override
          public void take(StatBuffer entry) {
            names.add(entry);
            added.add(new String(entry.name(), UTF_8));
          }

          @Override
          public void failed(byte[] name, PosixException cause) {
            throw new AssertionError(cause);
          }
        });
    posix.close(top);
    List<String> taken = new ArrayList<>();
    IntStream.range(0, 5000).forEach(i -> taken.add(new String(names.next(), UTF_8)));
    assertThat(names.isEmpty()).isTrue();
    assertThat(taken).isEqualTo(added).containsExactlyInAnyOrderElementsOf(expected);
  }

  /**
   * A defect in a thread of the scan ends the run as what it is, and nothing is held after an
   * exception.
   */
  @Test
  void run_endsWithWhatEndedAThreadOfItsScan() throws Exception {
    ChangingTree.write(source, "d/e/file", "1");
    for (Throwable defect :
        List.of(new IllegalStateException("a defect"), new StackOverflowError("too deep"))) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.before(
          Call.OPEN_DIRECTORY,
          source.resolve("d/e").toString(),
          () -> {
            if (defect instanceof RuntimeException unchecked) {
              throw unchecked;
            }
            throw (Error) defect;
          });
      fixture.with(posix);
      assertThatThrownBy(() -> fixture.run()).isSameAs(defect);
      if (defect instanceof RuntimeException) {
        assertThat(posix.openObjects()).isEmpty();
      } else {
        posix.endProcess(); // as it does behind an error
      }
    }
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void run_endsItsScan_whenItIsInterrupted() throws Exception {
    for (int i = 0; i < 50; i++) {
      ChangingTree.write(source, "d" + i + "/file", "1");
    }
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture
        .with(posix)
        .with(
            new Progress() {
              @Override
              public void begin(Phase phase, long files, long bytes) {
                if (phase == Phase.SCAN) {
                  Thread.currentThread().interrupt();
                }
              }

              @Override
              public void advance(long files, long bytes) {}

              @Override
              public void end() {}
            });

    assertThatThrownBy(() -> fixture.run()).hasMessageContaining("the scan was interrupted");

    assertThat(Thread.interrupted()).as("whoever interrupted it is to know").isTrue();
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem()).with(Progress.NONE);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }
}
