package org.deferredsync.backup;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.deferredsync.fs.Posix;
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
 * Power cuts: the file system of the target is shut down at random instants of a run, so that
 * nothing more reaches the disk and what had not reached it is gone, and mounted again; often
 * another time while the next run recovers. A run that had ended before is there, whole.
 */
@EnabledOnOs(OS.LINUX)
final class PowerCutTest {
  private static final int CUTS_OF_A_CHAIN = 25;
  private static final long MEGABYTES = 320;
  private static final long USUAL_LIFE = 500;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  /** The file systems, and how each is made. */
  private enum Disk {
    EXT4("mkfs.ext4", "loop"),
    XFS("mkfs.xfs", "loop,nouuid");

    private final String make;
    private final String options;

    Disk(String make, String options) {
      this.make = make;
      this.options = options;
    }
  }

  @Test
  @Timeout(3_000)
  void powerCut_losesNoRunThatHadEnded() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "only root can mount a disk and cut it off");
    Sweep sweep = Sweep.of("cuts");
    int cuts = sweep.count(200, 3);
    int chains = (cuts + CUTS_OF_A_CHAIN - 1) / CUTS_OF_A_CHAIN;
    List<Series> all = new ArrayList<>();
    for (int i = 1; i <= chains; i++) {
      for (Disk disk : Disk.values()) {
        String name = disk + " " + i;
        int most = Math.min(cuts, CUTS_OF_A_CHAIN);
        all.add(() -> sweep.meetMany(name, () -> chain(sweep, disk, name, most)));
      }
    }
    sweep.run(all);
    sweep.end(2 * cuts);
  }

  private int chain(Sweep sweep, Disk disk, String name, int cuts) throws Exception {
    Path place = Files.createDirectory(scratch.resolve(name.replace(' ', '-')));
    try (Chain chain = new Chain(place, disk, sweep.random(name))) {
      chain.runFirst();
      while (chain.cuts < cuts) {
        chain.day(cuts);
      }
      sweep.note(
          name
              + ": "
              + chain.cuts
              + " cuts in "
              + chain.days
              + " runs, of it "
              + chain.inRecovery
              + " in recoveries and "
              + chain.ended
              + " behind a run's end");
      return cuts;
    } finally {
      Shell.run("rm", "-rf", place.toString());
    }
  }

  /** One disk from when it is made. */
  private static final class Chain implements AutoCloseable {
    private final Random random;
    private final Path place;
    private final Disk disk;
    private Path image;
    private final ProgramGround ground;
    private final RandomSource source;
    private long life = USUAL_LIFE;
    private boolean mounted;
    private int days;
    private int cuts;
    private int inRecovery;
    private int ended;

    Chain(Path place, Disk disk, Random random) throws Exception {
      this.random = random;
      this.place = place;
      this.disk = disk;
      image = place.resolve("image");
      ground = new ProgramGround(place);
      try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(MEGABYTES << 20);
      }
      Shell.run(disk.make, "-q", image.toString());
      source = new RandomSource(ground.fixture.source, random);
      source.change(60);
    }

    void runFirst() throws Exception {
      mount();
      ground.runFirst();
      Shell.run("sync", "-f", ground.fixture.target.toString()); // the reserve is made after a run
    }

    private void mount() throws IOException {
      Shell.run("mount", "-o", disk.options, image.toString(), ground.fixture.target.toString());
      mounted = true;
    }

    private void unmount() throws IOException {
      Shell.run("umount", ground.fixture.target.toString());
      mounted = false;
    }

    /**
     * What had reached the disk at the cut, and nothing that reaches it when the dead file system
     * is given up, which other mount namespaces may put off.
     */
    private void changeDisks() throws IOException {
      Path cut = image;
      image = place.resolve("image" + cuts);
      Shell.run("cp", "--sparse=always", cut.toString(), image.toString());
      unmount();
      Files.delete(cut);
      mount();
    }

    /** Some changes, a run that is cut off, perhaps its recovery too, and one that is not. */
    void day(int most) throws Exception {
      days++;
      source.change(1 + random.nextInt(60));
      ground.oracle.changed();
      cut(life * 12 / 10);
      while (cuts < most && random.nextInt(3) == 0) {
        inRecovery++;
        cut(life);
      }
      life = ground.heal(ground.oracle).life();
      ground.oracle.reported(ground.last().id());
    }

    /** Cuts a run off at an instant of its life, or soon after. */
    private void cut(long milliseconds) throws Exception {
      long before = ground.last().id();
      Running running = ground.program.start(List.of(), "run");
      boolean over = running.endsWithin((long) (random.nextDouble() * milliseconds));
      Shell.run("xfs_io", "-x", "-c", "shutdown", ground.fixture.target.toString());
      Ended end = running.end();
      ground.oracle.tells(end);
      cuts++;
      changeDisks();
      if (end.status() == 0) {
        ended += over ? 1 : 0;
        ground.oracle.reported(before + 1);
      }
      ground.oracle.holds();
    }

    @Override
    public void close() throws IOException {
      if (mounted) {
        unmount();
      }
      ground.close();
    }
  }
}
