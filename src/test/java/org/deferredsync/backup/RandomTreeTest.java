package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.snapshot.Run;
import org.deferredsync.sweep.Sweep;
import org.deferredsync.sweep.Sweep.Series;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random trees, each with five changing runs: the mirror equals the sources after every run, and
 * every snapshot gives back what the sources were, in every property that a restore promises.
 *
 * <p>{@code -Dsweep.seed=N} begins with the tree of that seed, {@code -Dsweep.count=N} says how
 * many there are, the next one with the next seed.
 */
@EnabledOnOs(OS.LINUX)
final class RandomTreeTest {
  private static final Logger LOG = LoggerFactory.getLogger("trees");
  private static final int USUAL_COUNT = 6;
  private static final int WORKERS = 2;
  private static final int RUNS = 6;
  private static final List<String> FEATURES =
      List.of(
          System.getProperty(
                  "trees.features",
                  "files,special,device,sparse,hardlinks,user,trusted,acl,default,capability")
              .split(",", -1));

  /** Whether each regular file below one directory is in the other, with the same bytes. */
  private static final String SAME_FILES =
      """
      import os, stat, sys
      sys.setrecursionlimit(10000)
      NO_LINK = os.O_RDONLY | os.O_NOFOLLOW
      def compare(one, other, at):
          for name in os.listdir(one):
              mode = os.stat(name, dir_fd=one, follow_symlinks=False).st_mode
              if stat.S_ISDIR(mode):
                  first = os.open(name, NO_LINK | os.O_DIRECTORY, dir_fd=one)
                  second = os.open(name, NO_LINK | os.O_DIRECTORY, dir_fd=other)
                  compare(first, second, at + b'/' + os.fsencode(name))
                  os.close(first)
                  os.close(second)
              elif stat.S_ISREG(mode):
                  with open(os.open(name, NO_LINK, dir_fd=one), 'rb') as first:
                      with open(os.open(name, NO_LINK, dir_fd=other), 'rb') as second:
                          if first.read() != second.read():
                              sys.exit('differs: %r' % (at + b'/' + os.fsencode(name)))
      compare(os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_RDONLY), b'')
      """;

  @TempDir(factory = SharedMemory.class)
  private Path memory;

  @TempDir private Path disk;

  /** The paths of a tree are too long for who cleans up afterwards. */
  @AfterEach
  void removeAll() throws IOException {
    remove(memory);
    remove(disk);
  }

  private static void remove(Path scratch) throws IOException {
    Shell.run("find", scratch.toString(), "-mindepth", "1", "-delete");
  }

  @Test
  @Timeout(3_000)
  void restore_givesBackEverySnapshot_ofARandomTree() throws Exception {
    Sweep sweep = Sweep.of("trees");
    int count = sweep.count(500, USUAL_COUNT);
    List<Series> all = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      int first = i;
      all.add(() -> grow(sweep, sweep.seed() + first, sweep.seed() + count));
    }
    sweep.run(all);
    sweep.note(RUNS - 1 + " changing runs each");
    sweep.end(count);
  }

  /** Trees of these seeds, each of which makes the same tree again as {@code sweep.seed}. */
  private void grow(Sweep sweep, long first, long end) throws Exception {
    try (RandomTrees trees = new RandomTrees()) {
      for (long at = first; at < end; at += WORKERS) {
        long seed = at;
        Path inMemory = Files.createDirectories(memory.resolve("w" + first % WORKERS));
        Path onDisk = Files.createDirectories(disk.resolve("w" + first % WORKERS));
        sweep.meet(
            "tree " + seed,
            () -> {
              try {
                new Chain(trees, seed, inMemory, onDisk).run();
                return true;
              } catch (Exception | AssertionError e) {
                String changes = String.join("\n", trees.log());
                throw new AssertionError(
                    "-Dsweep.count=1 -Dsweep.seed=" + seed + "; the last changes:\n" + changes, e);
              }
            });
        remove(inMemory);
        remove(onDisk);
      }
    }
  }

  /** The tree of one seed, from its first backup to the restore of all. */
  private static final class Chain {
    private final RandomTrees trees;
    private final long seed;
    private final Random random;
    private final Path scratch;
    private final EngineFixture fixture;
    private final List<Path> sources;

    Chain(RandomTrees trees, long seed, Path memory, Path disk) throws IOException {
      this.trees = trees;
      this.seed = seed;
      this.random = new Random(seed);
      // On a disk inodes are used again at once, which in memory they are not.
      this.scratch =
          Files.createDirectory((random.nextInt(6) == 0 ? disk : memory).resolve("t" + seed));
      this.sources = List.of(scratch.resolve("one/data"), scratch.resolve("two/data"));
      this.fixture =
          new EngineFixture(scratch)
              .with(new Batch.Limits(1 + random.nextInt(60), 1 + random.nextInt(1 << 20)));
      // Behind the files' times all of them are racy, and read again by each run.
      fixture.ahead(random.nextInt(3) == 0 ? Duration.ZERO : Duration.ofSeconds(10));
    }

    void run() throws Exception {
      for (Path source : sources) {
        Files.createDirectories(source.getParent());
      }
      int entries = Integer.getInteger("trees.entries", 5 + random.nextInt(80));
      int changes = Integer.getInteger("trees.changes", 1 + random.nextInt(30));
      trees.grow(seed + "-0", entries, FEATURES, sources, scratch.resolve("outside"));
      trees.log();
      for (int run = 1; run <= RUNS; run++) {
        if (run > 1) {
          trees.log();
          trees.change(seed + "-" + run, changes);
        }
        backUp(run);
        assertThat(trees.differences(run, sources.stream().map(fixture::mirror).toList()))
            .as("mirror after run %d", run)
            .isEmpty();
      }
      for (long snapshot = 1; snapshot <= RUNS; snapshot++) {
        restores(snapshot);
      }
      Verifier.Result verified = TargetChecks.verify(fixture);
      assertThat(verified.good()).as("verify: %s", verified).isTrue();
      assertThat(verified.unknown()).as("unknown files").isZero();
      TargetChecks.undisturbed(fixture);
      rebuilds();
      assertThat(unchanged(fixture.run(sources.toArray(Path[]::new)))).as("a run more").isTrue();
      if (seed % 4 == 0) {
        rebuildsFromFilesAlone();
      }
    }

    private void backUp(int run) throws Exception {
      trees.remember(run);
      BackupReport report = fixture.run(sources.toArray(Path[]::new));
      assertThat(report.verdict()).as("run %d: %s", run, report).isEqualTo(Verdict.GOOD);
      assertThat(report.run()).isEqualTo((long) run);
    }

    /** A lost catalogue is made again as it was. */
    private void rebuilds() throws Exception {
      String before = CatalogueText.of(fixture);
      Shell.run("rm", fixture.target.resolve(".deferred-sync/catalogue.db").toString());
      Rebuild rebuild =
          new Rebuild(fixture.engine(), EngineFixture.filePath(fixture.target), Set.of(), LOG);
      assertThat(rebuild.run(false).exact()).isTrue();
      assertThat(CatalogueText.of(fixture)).isEqualTo(before);
    }

    /**
     * Without manifests the newest state is what it was, and each file of an increment comes back
     * from the snapshot before it.
     */
    private void rebuildsFromFilesAlone() throws Exception {
      Map<Long, String> increments = new TreeMap<>();
      for (Run run : runs()) {
        String increment = run.increment();
        if (increment != null) {
          increments.put(run.id(), increment);
        }
      }
      Path own = fixture.target.resolve(".deferred-sync");
      Shell.run("rm", "-r", own.resolve("catalogue.db").toString(), own + "/manifests");
      Rebuild rebuild =
          new Rebuild(
              fixture.engine(),
              EngineFixture.filePath(fixture.target),
              sources.stream().map(EngineFixture::filePath).collect(Collectors.toSet()),
              LOG);
      assertThat(rebuild.run(false).exact()).isFalse();
      List<Run> found = runs();
      assertThat(found).extracting(Run::increment).containsAll(increments.values());
      for (int i = 0; i < found.size(); i++) {
        Path to = restored(found.get(i).id());
        if (i == found.size() - 1) {
          assertThat(trees.differences(RUNS, sources.stream().map(s -> inside(to, s)).toList()))
              .as("the newest snapshot, from files alone")
              .isEmpty();
        } else {
          String next = found.get(i + 1).increment();
          assertThat(next).isNotNull();
          Shell.run(
              "python3", "-c", SAME_FILES, fixture.target.resolve(next + "").toString(), to + "");
        }
        Shell.run("rm", "-rf", to.toString());
      }
      // Increments of one second are named by the next ones, which no clock may be before.
      fixture.ahead(Duration.ofMinutes(5));
      assertThat(fixture.run(sources.toArray(Path[]::new)).verdict()).isEqualTo(Verdict.GOOD);
      Verifier.Result verified = TargetChecks.verify(fixture);
      assertThat(verified.good() && verified.unknown() == 0).as("verify: %s", verified).isTrue();
    }

    private List<Run> runs() throws Exception {
      try (TargetReader reader = TargetChecks.reader(fixture)) {
        return reader.catalogue().runs().list();
      }
    }

    private boolean unchanged(BackupReport report) {
      return report.sources().stream()
          .map(SourceReport::result)
          .allMatch(result -> result.counts().unchanged());
    }

    private void restores(long snapshot) throws Exception {
      Path to = restored(snapshot);
      assertThat(trees.differences(snapshot, sources.stream().map(s -> inside(to, s)).toList()))
          .as("restore of snapshot %d", snapshot)
          .isEmpty();
      Shell.run("rm", "-rf", to.toString());
    }

    private Path restored(long snapshot) throws Exception {
      Path to = scratch.resolve("restored");
      try (TargetReader reader = TargetChecks.reader(fixture)) {
        Snapshot from =
            reader
                .snapshots()
                .at(PointInTime.parse(Long.toString(snapshot)), Instant.now(), ZoneOffset.UTC);
        Restorer.Result result =
            new Restorer(from, Clock.systemUTC(), LOG)
                .restore(
                    sources.stream().map(EngineFixture::filePath).toList(),
                    EngineFixture.filePath(to));
        assertThat(result.failed()).as("paths not restored of snapshot %d", snapshot).isZero();
      }
      return to;
    }

    private static Path inside(Path directory, Path path) {
      return directory.resolve(path.toString().substring(1));
    }
  }
}
