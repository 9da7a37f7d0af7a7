package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Sources whose owner exchanges names in them while root backs them up. */
@EnabledOnOs(OS.LINUX)
final class HostileSourceTest {
  private static final int PAIRS = 60;

  private static Sweep sweep;
  private static int count;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Outside outside;

  @BeforeAll
  static void begin() throws IOException {
    sweep = Sweep.of("flips of a source");
    count = sweep.count(Encounters.FULL_COUNT, Encounters.USUAL_COUNT);
  }

  @AfterAll
  static void end() throws IOException {
    sweep.end(0);
  }

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root has something to hide");
    fixture = new EngineFixture(scratch);
    outside = new Outside(scratch.resolve("outside"), "secret", "deep/secret", "data/secret");
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

  /** Backs the source up, day after day, while names in it flip; then once more in peace. */
  private void backUp(String scenario, List<String> pairs) {
    sweep.meetMany(scenario, () -> flip(scenario, pairs));
  }

  private int flip(String scenario, List<String> pairs) throws Exception {
    Encounters encounters = new Encounters("flip-.*");
    fixture.with(encounters.posix());
    long flips;
    try (Flipper flipper = Flipper.exchanging(fixture.source, pairs, count)) {
      while (!encounters.suffice(count) || !flipper.suffices()) {
        fixture.run();
        nextDay();
      }
      flips = flipper.end();
    }
    outside.assertUntouched();
    outside.assertNotIn(fixture.target);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
    for (long snapshot : TargetChecks.snapshots(fixture)) {
      TargetChecks.restored(fixture, snapshot);
    }
    encounters.report(sweep, scenario, flips);
    return count;
  }

  private int days;
  private int exchanges;

  /** So that retention lets go of what becomes old. */
  private void nextDay() {
    fixture.ahead(Duration.ofDays(++days));
  }

  private static List<String> pairs(String one, String other) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      names.add(one + i);
      names.add(other + i);
    }
    return names;
  }

  @Test
  @Timeout(3_000)
  void run_readsNothingOutside_whileDirectoriesAndLinksAreExchanged() throws Exception {
    shell(
        """
        for i in $(seq 0 %d); do
            mkdir -p flip-d$i/deep flip-d$i/data
            echo mine $i >flip-d$i/file; echo too >flip-d$i/deep/file; echo in >flip-d$i/data/file
            ln -s "$2" flip-l$i
        done
        chown -Rh 1000:1000 .
        """
            .formatted(PAIRS - 1));
    backUp("directory and link", pairs("flip-d", "flip-l"));
  }

  @Test
  @Timeout(3_000)
  void run_readsNothingOutside_andWaitsForNothing_whileFilesAreExchanged() throws Exception {
    shell(
        """
        for i in $(seq 0 %d); do
            echo mine $i >flip-f$i
            case $((i %% 4)) in
            0) mkfifo flip-o$i ;;
            1) ln -s "$2"/secret flip-o$i ;;
            2) mknod flip-o$i c 1 5 ;;
            3) mkdir flip-o$i ;;
            esac
        done
        chown -Rh 1000:1000 .
        """
            .formatted(PAIRS - 1));
    backUp("file and FIFO, link, device, directory", pairs("flip-f", "flip-o"));
  }

  @Test
  @Timeout(3_000)
  void run_standsTheExchange_ofFilesWithSeveralNamesAndDirectories() throws Exception {
    shell(
        """
        for i in $(seq 0 %d); do
            mkdir flip-d$i
            echo mine $i >flip-d$i/one; ln flip-d$i/one flip-d$i/two; ln flip-d$i/one name$i
            echo too $i >flip-f$i; ln flip-f$i other$i; ln flip-f$i flip-d$i/three
        done
        chown -Rh 1000:1000 .
        """
            .formatted(PAIRS - 1));
    backUp("directory and file, both with links to them", pairs("flip-d", "flip-f"));
  }

  @Test
  void run_holdsASource_thatALinkOfSomebodyElseLeadsTo() throws Exception {
    Path data = Files.createDirectories(fixture.source.resolve("flip-x/data"));
    Files.writeString(data.resolve("file"), "mine");
    shell("ln -s \"$2\" flip-y; chown -Rh 1000:1000 .");
    assertThat(fixture.run(data).verdict()).isEqualTo(Verdict.GOOD);

    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(
        Call.OPEN_DIRECTORY,
        "flip-x",
        () -> {
          Files.move(fixture.source.resolve("flip-x"), fixture.source.resolve("flip-z"));
          Files.move(fixture.source.resolve("flip-y"), fixture.source.resolve("flip-x"));
        });
    nextDay();
    BackupReport report = fixture.with(posix).run(data);
    assertThat(report.sources().get(0).result().state()).isEqualTo(SourceState.HELD);
    outside.assertUntouched();
    outside.assertNotIn(fixture.target);
    assertThat(fixture.mirror(data).resolve("file")).hasContent("mine");
  }

  @Test
  void run_standsADirectory_thatIsALinkWhileItsParentIsLookedAt() throws Exception {
    shell("mkdir -p x/deep; echo 1 >x/file; echo 1 >x/deep/file; ln -s \"$2\" y");
    fixture.run();
    shell("echo 2 >x/more; echo 2 >x/deep/more");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.before(Call.LIST, fixture.source.toString(), 3, this::exchange);
    posix.before(Call.OPEN_DIRECTORY, fixture.source.resolve("x").toString(), 3, this::exchange);
    nextDay();
    fixture.with(posix).run();
    assertThat(exchanges).isPositive();
    nextDay();
    assertThat(fixture.with(Posix.ofSystem()).run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  private void exchange() throws IOException {
    exchanges++;
    Path x = fixture.source.resolve("x");
    Path y = fixture.source.resolve("y");
    Path other = fixture.source.resolve("other");
    Files.move(x, other);
    Files.move(y, x);
    Files.move(other, y);
  }
}
