package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deferredsync.sweep.Program.Ended;
import org.deferredsync.sweep.Program.Running;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Chains of runs of the program over a source that changes at random, in which snapshots expire:
 * each run is killed at random instants before it may end, and so is the recovery of the next one
 * and the pruning.
 */
@EnabledOnOs(OS.LINUX)
final class KillSweepTest {
  private static final int KEPT = 3;
  private static final int KILLS_OF_A_CHAIN = 100;
  private static final long USUAL_LIFE = 500;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  @Timeout(3_000)
  void kill_losesNothing_atAnyInstantOfAChain() throws Exception {
    Sweep sweep = Sweep.of("kills");
    int kills = sweep.count(1_000, 10);
    int chains = (kills + KILLS_OF_A_CHAIN - 1) / KILLS_OF_A_CHAIN;
    List<Series> all = new ArrayList<>();
    for (int chain = 1; chain <= chains; chain++) {
      String name = "chain " + chain;
      all.add(
          () -> sweep.meetMany(name, () -> chain(sweep, name, Math.min(kills, KILLS_OF_A_CHAIN))));
    }
    sweep.run(all);
    sweep.end(kills);
  }

  /** One chain, until there were so many kills. */
  private int chain(Sweep sweep, String name, int kills) throws Exception {
    Path place = Files.createDirectory(scratch.resolve(name.replace(' ', '-')));
    try (Chain chain = new Chain(place, sweep.random(name))) {
      while (chain.kills < kills) {
        chain.day();
      }
      sweep.note(
          name
              + ": "
              + chain.kills
              + " kills in "
              + chain.days
              + " runs, of it "
              + chain.inRecovery
              + " in recoveries and "
              + chain.inPruning
              + " in prunings");
      return kills;
    } finally {
      Shell.run("rm", "-rf", place.toString());
    }
  }

  /** One target from its first run on. */
  private static final class Chain implements AutoCloseable {
    private final Random random;
    private final ProgramGround ground;
    private final RandomSource source;
    private long life = USUAL_LIFE;
    private int days;
    private int kills;
    private int inRecovery;
    private int inPruning;

    Chain(Path place, Random random) throws Exception {
      this.random = random;
      ground = new ProgramGround(place, "EXPIREDAYS=1", "KEEP_MIN=" + KEPT);
      ground.oracle.keeping(KEPT);
      source = new RandomSource(ground.fixture.source, random);
      source.change(60);
      ground.runFirst();
    }

    /** Some changes, runs that are killed, and one that is not. */
    void day() throws Exception {
      days++;
      source.change(1 + random.nextInt(60));
      ground.oracle.changed();
      boolean died = false;
      for (int i = random.nextInt(6); i > 0; i--) {
        boolean killed = kill("run");
        inRecovery += killed && died ? 1 : 0;
        died |= killed;
        ground.oracle.holds();
      }
      life = ground.heal(ground.oracle).life();
      ground.oracle.reported(ground.last().id());
      age();
      if (random.nextInt(3) == 0) {
        inPruning += kill("prune") ? 1 : 0;
        ground.oracle.holds();
      }
    }

    /** Kills a command at an instant of its life; false if it ended before. */
    private boolean kill(String command) throws Exception {
      Running running = ground.program.start(List.of(), command);
      running.endsWithin((long) (random.nextDouble() * life));
      running.process().destroyForcibly();
      Ended ended = running.end();
      if (ended.status() == 137) {
        kills++;
        return true;
      }
      assertThat(ended.status()).as("%s", ended.complaints()).isZero();
      return false;
    }

    /** Half a day goes by: all runs that there were become that much older. */
    private void age() throws IOException {
      Shell.run(
          "sqlite3",
          ground.fixture.target.resolve(".deferred-sync/catalogue.db").toString(),
          "UPDATE run SET started_ns = started_ns - 43200000000000,"
              + " ended_ns = ended_ns - 43200000000000");
    }

    @Override
    public void close() throws IOException {
      ground.close();
    }
  }
}
