package org.deferredsync.backup;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Directories whose owner changes names in them while root restores there. */
@EnabledOnOs(OS.LINUX)
final class HostileRestoreTest {
  private static final int PAIRS = 40;

  private static Sweep sweep;
  private static int count;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Outside outside;

  @BeforeAll
  static void begin() throws IOException {
    sweep = Sweep.of("flips of a restore");
    count = sweep.count(Encounters.FULL_COUNT, Encounters.USUAL_COUNT);
  }

  @AfterAll
  static void end() throws IOException {
    sweep.end(0);
  }

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root gives files away");
    fixture = new EngineFixture(scratch);
    outside =
        new Outside(scratch.resolve("outside"), "secret", "deep/secret", "data/secret", "empty/");
    Shell.run("chmod", "755", scratch.toString());
  }

  private void shell(String script) throws Exception {
    Shell.run(
        "/bin/sh",
        "-ec",
        "cd \"$1\"; " + script,
        "sh",
        fixture.source.toString(),
        outside.top.toString());
  }

  /** One attempt to restore; that somebody is in its way may end it. */
  private interface Attempt {
    void run(Restorer restorer) throws BackupException, IOException;
  }

  private void attempt(Posix posix, Attempt attempt) throws Exception {
    try (TargetReader reader =
        TargetReader.openUnchanged(
            fixture.with(posix).engine(), EngineFixture.filePath(fixture.target))) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("1"), Instant.MAX, ZoneOffset.UTC);
      attempt.run(new Restorer(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("restore")));
    } catch (BackupException | IOException refused) {
      assertThat(refused.getMessage()).isNotBlank().doesNotContain("\n", "Exception");
    }
  }

  /** Deletes what lies so deep in the directory; names in it may come back meanwhile. */
  private static void clear(Path directory, int depth) throws IOException {
    String below = "find -P \"$1\" -mindepth \"$2\" ";
    Shell.run(
        "/bin/sh",
        "-c",
        "while [ -n \"$("
            + below
            + " -print -quit)\" ]; do "
            + below
            + "-delete; done 2>/dev/null; :",
        "sh",
        directory.toString(),
        Integer.toString(depth));
  }

  private Path usersDirectory(String name) throws IOException {
    Path made = Files.createDirectory(scratch.resolve(name));
    Shell.run("chown", "1000:1000", made.toString());
    return made;
  }

  /** A sticky directory lets nobody rename what is ours, and anybody be there first. */
  @Test
  void restore_makesNothing_inADirectoryThatSomebodyPutOnItsWay() throws Exception {
    shell("mkdir one two; echo 1 >one/file; echo 2 >two/file");
    fixture.run();
    Path to = Files.createDirectory(scratch.resolve("to"));
    Shell.run("chmod", "1777", to.toString());
    String first = new String(EngineFixture.filePath(fixture.source).names().get(0), UTF_8);
    Path theirs = to.resolve(first);
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.MAKE_DIRECTORY, to.resolve(".deferred-sync-restore").toString(), () -> plant(theirs));
    posix.before(Call.OPEN_DIRECTORY, theirs.toString(), () -> plant(theirs));

    attempt(
        posix,
        restorer ->
            assertThat(
                    restorer
                        .restore(
                            List.of(
                                EngineFixture.filePath(fixture.source.resolve("one")),
                                EngineFixture.filePath(fixture.source.resolve("two"))),
                            EngineFixture.filePath(to))
                        .failed())
                .isPositive());

    assertThat(theirs).isEmptyDirectory();
  }

  private static void plant(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      Files.createDirectory(directory);
      Shell.run("chown", "1000:1000", directory.toString());
    }
  }

  @Test
  @Timeout(3_000)
  void restore_changesNothingOutside_whereALinkIsPlanted() {
    sweep.meetMany("link planted where a restore goes", this::plantLinks);
  }

  private int plantLinks() throws Exception {
    shell("mkdir -p top/deep; echo 1 >top/file; echo 1 >top/deep/file; chown -R 1000:1000 top");
    shell("chmod -R go+rwX top");
    fixture.run();
    Path to = usersDirectory("to");
    Encounters encounters = new Encounters("\\.deferred-sync-restore");
    Posix posix = encounters.posix();
    long flips;
    List<String> names = List.of(".deferred-sync-restore", "top");
    try (Flipper flipper = Flipper.planting(to, outside.top, names, count)) {
      while (!encounters.suffice(count) || !flipper.suffices()) {
        attempt(
            posix,
            restorer ->
                restorer.restore(
                    List.of(EngineFixture.filePath(fixture.source.resolve("top"))),
                    EngineFixture.filePath(to)));
        outside.assertUntouched();
        clear(to, 1);
      }
      flips = flipper.end();
    }
    encounters.report(sweep, "link planted where a restore goes", flips);
    return count;
  }

  @Test
  @Timeout(3_000)
  void restore_changesNothingOutside_whileItsParentIsExchangedForALink() {
    sweep.meetMany("parent of where a restore goes, and link", this::exchangeParent);
  }

  private int exchangeParent() throws Exception {
    shell("mkdir -p top/deep; echo 1 >top/file; chown -R 1000:1000 top");
    fixture.run();
    Path base = usersDirectory("base");
    Path data = Files.createDirectories(base.resolve("flip-x/empty"));
    Shell.run("chown", "-R", "1000:1000", base.toString());
    Files.createSymbolicLink(base.resolve("flip-y"), outside.top);
    Encounters encounters = new Encounters("flip-.*");
    Posix posix = encounters.posix();
    long flips;
    try (Flipper flipper = Flipper.exchanging(base, List.of("flip-x", "flip-y"), count)) {
      while (!encounters.suffice(count) || !flipper.suffices()) {
        attempt(
            posix,
            restorer ->
                restorer.restore(
                    List.of(EngineFixture.filePath(fixture.source.resolve("top"))),
                    EngineFixture.filePath(data)));
        outside.assertUntouched();
        clear(base, 3);
      }
      flips = flipper.end();
    }
    encounters.report(sweep, "parent of where a restore goes, and link", flips);
    return count;
  }

  /** Restores in place, again and again, what its owner changes meanwhile. */
  private void inPlace(String scenario, Path directory, Path source, List<String> pairs) {
    sweep.meetMany(scenario, () -> flipInPlace(scenario, directory, source, pairs));
  }

  private int flipInPlace(String scenario, Path directory, Path source, List<String> pairs)
      throws Exception {
    Encounters encounters = new Encounters("flip-.*");
    Posix posix = encounters.posix();
    long flips;
    try (Flipper flipper = Flipper.exchanging(directory, pairs, count)) {
      while (!encounters.suffice(count) || !flipper.suffices()) {
        attempt(
            posix,
            restorer ->
                restorer.restoreInPlace(List.of(EngineFixture.filePath(source)), Watcher.NONE));
        outside.assertUntouched();
        Shell.run(
            "/bin/sh",
            "-c",
            "find -P \"$1\" -maxdepth 3 -name '.deferred-sync-aside-*' -prune -exec rm -rf {} + 2>/dev/null; :",
            "sh",
            scratch.toString());
      }
      flips = flipper.end();
    }
    encounters.report(sweep, scenario, flips);
    return count;
  }

  @Test
  @Timeout(3_000)
  void restoreInPlace_changesNothingOutside_whileNamesInItAreExchanged() throws Exception {
    shell(
        """
        for i in $(seq 0 %d); do
            mkdir -p flip-d$i/deep flip-d$i/data
            echo mine $i >flip-d$i/file; echo too >flip-d$i/deep/file; echo in >flip-d$i/data/file
            ln -s "$2" flip-l$i
            echo of a file >flip-f$i; mkfifo flip-o$i
        done
        chown -Rh 1000:1000 .
        """
            .formatted(PAIRS - 1));
    fixture.run();
    Path own = Files.writeString(outside.top.resolve("empty/own"), "the same user's");
    Shell.run("chown", "1000:1000", own.toString());
    Shell.run("chmod", "640", own.toString());
    outside.learn();
    shell("for i in $(seq 0 %d); do ln -f \"$2\"/empty/own flip-o$i; done".formatted(PAIRS - 1));
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      pairs.addAll(List.of("flip-d" + i, "flip-l" + i, "flip-f" + i, "flip-o" + i));
    }
    inPlace(
        "directory and link, file and hard link, in place", fixture.source, fixture.source, pairs);
  }

  @Test
  @Timeout(3_000)
  void restoreInPlace_changesNothingOutside_whileItsParentIsExchangedForALink() throws Exception {
    Path data = Files.createDirectories(fixture.source.resolve("flip-x/data"));
    Files.writeString(data.resolve("file"), "mine");
    shell("ln -s \"$2\" flip-y; chown -Rh 1000:1000 .");
    fixture.run(data);
    inPlace("parent of a source, and link", fixture.source, data, List.of("flip-x", "flip-y"));
  }
}
