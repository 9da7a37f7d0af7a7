package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * The rows of a catalogue that is made again. Exact where every manifest is there and whole; what
 * is lacking is taken from the files, and said.
 */
final class RebuiltRows {
  private static final int PAGE = 5_000;

  private final Engine engine;
  private final Posix posix;
  private final Target target;
  private final RebuiltRuns rebuiltRuns;
  private final Logger log;
  private final List<ManifestName> damaged = new ArrayList<>();
  private final Set<Long> lacking = new TreeSet<>();
  private final Set<String> increments;
  private boolean wrongRuns;
  private long generation;
  private long found;

  RebuiltRows(Engine engine, Target target, Set<FilePath> configured, Logger log)
      throws IOException {
    this.engine = engine;
    this.posix = engine.posix();
    this.target = target;
    this.log = log;
    this.increments = new TreeSet<>(Increment.names(posix, target));
    this.rebuiltRuns = new RebuiltRuns(engine, target, configured, increments, log);
  }

  boolean isExact() {
    return lacking.isEmpty() && !wrongRuns;
  }

  /** The number of the last batch. */
  long generation() {
    return generation;
  }

  /** How many versions are known by their files alone. */
  long found() {
    return found;
  }

  /** Manifests that are not what was written. */
  List<ManifestName> damaged() {
    return damaged;
  }

  /** Fills the empty catalogue. */
  void fill(Catalogue catalogue) throws IOException {
    ManifestReplay replay = new ManifestReplay(catalogue);
    ManifestReplay told = new ManifestReplay(catalogue);
    long last = 0;
    int directory = manifests();
    if (directory >= 0) {
      try {
        ManifestReader reader = new ManifestReader(posix, directory);
        last = replay(catalogue, reader, Manifests.names(posix, directory), replay);
        readRuns(reader, told);
      } catch (PosixException e) {
        throw new IOException(
            target.path()
                + "/"
                + Target.OWN
                + "/manifests/"
                + e.getMessage()
                + "; rebuild again when it can be read; if it never can, move it away: what it alone"
                + " knows is lost then",
            e);
      } finally {
        posix.close(directory);
      }
    } else {
      generation = generation(List.of());
      wrongRuns = true;
    }
    Map<Long, Run> runs = RebuiltRuns.merged(told, replay, wrongRuns);
    if (told.after() > last || runs.isEmpty()) {
      lacking.add(runs.isEmpty() ? 1L : RebuiltRuns.lastOf(runs));
      lacking.add(Math.max(1, replay.lastRun()));
    }
    boolean onlyFiles = runs.isEmpty();
    lacking.addAll(rebuiltRuns.addIncrements(runs));
    // More than there are: until all are written anew, each run knows that some are lacking.
    long manifest = isExact() ? last : generation + 1;
    List<Run> all = new ArrayList<>(runs.values());
    catalogue.transaction(
        () -> {
          for (Run run : all) {
            catalogue.runs().add(run);
          }
          for (FilePath source : told.removals()) {
            catalogue.runs().beginRemoval(source);
          }
          catalogue.setGeneration(generation);
          catalogue.setManifest(manifest);
        });
    if (!lacking.isEmpty()) {
      // From files alone the first run is the state before the first increment.
      reconcile(catalogue, all, onlyFiles);
    }
    dropDeleted(catalogue, all);
    clearGone(catalogue, all);
    addPending(catalogue, replay, all);
  }

  private int manifests() throws IOException {
    try {
      return posix.openDirectory(target.own(), Manifests.DIRECTORY);
    } catch (PosixException e) {
      if (e.isGone()) {
        log.warn("{}/{}/manifests: missing.", target.path(), Target.OWN);
        return -1;
      }
      throw e;
    }
  }

  /** The number on disk; if there is none, the last batch is believed to be committed. */
  private long generation(List<ManifestName> names) throws IOException {
    long highest = names.isEmpty() ? 0 : names.get(names.size() - 1).batch();
    try {
      long number = target.generation();
      return number > 0 ? number : highest;
    } catch (PosixException e) {
      throw e;
    } catch (IOException e) {
      log.warn("{}.", e.getMessage());
      return highest;
    }
  }

  /** Replays all there is; answers the batch of the last one. */
  private long replay(
      Catalogue catalogue, ManifestReader reader, List<ManifestName> names, ManifestReplay replay)
      throws IOException {
    generation = generation(names);
    List<ManifestName> whole = names.stream().filter(ManifestName::all).toList();
    long last = 0;
    for (int i = whole.size() - 1; i >= 0 && last == 0; i--) {
      if (read(catalogue, reader, whole.get(i), replay)) {
        last = whole.get(i).batch();
      } else {
        lacking.add(1L);
        last = i == 0 ? whole.get(i).batch() : 0;
      }
    }
    long base = last;
    for (ManifestName name : names) {
      if (name.all() || name.batch() <= base || name.batch() > generation) {
        continue;
      }
      long before = last;
      long runBefore = replay.lastRun();
      last = name.batch();
      if (!read(catalogue, reader, name, replay)) {
        lacking.add(Math.max(1, name.run()));
      } else if (replay.after() > before) {
        log.warn("{}: manifests before it are missing.", "manifests/" + name);
        lacking.add(Math.max(1, name.run()));
        if (name.run() > 0) {
          lacking.add(Math.max(1, runBefore)); // batches of that one may be among them
        }
      }
    }
    return last;
  }

  /** Takes all rows of one, or, if it is damaged, none. */
  private boolean read(
      Catalogue catalogue, ManifestReader reader, ManifestName name, ManifestReplay replay)
      throws IOException {
    replay.begin();
    ManifestReader.DamagedException[] damage = {null};
    catalogue.begin();
    try {
      reader.read(name.bytes(), replay::take);
    } catch (ManifestReader.DamagedException e) {
      damage[0] = e;
    }
    if (damage[0] == null) {
      catalogue.commit();
      return true;
    }
    catalogue.rollback();
    replay.begin();
    log.warn("manifests/{}: damaged: {}; it is not used.", name, damage[0].getMessage());
    damaged.add(name);
    return false;
  }

  private void readRuns(ManifestReader reader, ManifestReplay told) throws IOException {
    try {
      told.begin();
      reader.read(Manifests.RUNS, told::take);
    } catch (ManifestReader.DamagedException e) {
      log.warn("manifests/runs.gz: damaged: {}; how runs ended is not known.", e.getMessage());
      told.begin();
      told.clearRuns();
      wrongRuns = true;
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      log.warn("manifests/runs.gz: missing; how runs ended is not known.");
      wrongRuns = true;
    }
  }

  private void reconcile(Catalogue catalogue, List<Run> runs, boolean onlyFiles)
      throws IOException {
    long first = onlyFiles ? 1 : lacking.iterator().next();
    long last = first;
    for (long run : lacking) {
      last = run;
    }
    if (!onlyFiles && last == 1) {
      last = runs.get(runs.size() - 1).id(); // all that there was of the runs before is lacking
    }
    Set<FilePath> sources = RebuiltRuns.outermost(runs);
    engine.progress().begin(Phase.VERIFY, Progress.UNKNOWN, Progress.UNKNOWN);
    catalogue.begin();
    try (Reconciler reconciler = new Reconciler(engine, target, catalogue, log, first, last)) {
      NavigableMap<Long, String> named = new TreeMap<>();
      for (Run run : runs) {
        String increment = run.increment();
        if (increment != null) {
          named.put(run.id(), increment);
        }
      }
      found = reconciler.reconcile(named, sources);
    } finally {
      engine.progress().end();
    }
    catalogue.commit();
  }

  /** Forgets versions that no snapshot shows and whose files are deleted: they had expired. */
  private void dropDeleted(Catalogue catalogue, List<Run> runs) throws IOException {
    KeptRuns kept = new KeptRuns(runs);
    Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
    try (IncrementFiles files = new IncrementFiles(posix, target, catalogue, barrier)) {
      Old last = null;
      for (List<Old> page = catalogue.expiry().between(0, Long.MAX_VALUE, last, PAGE);
          !page.isEmpty();
          page = catalogue.expiry().between(0, Long.MAX_VALUE, last, PAGE)) {
        last = page.get(page.size() - 1);
        List<Old> gone = new ArrayList<>();
        for (Old old : page) {
          if (!kept.shows(old.path(), old.since(), old.until())
              && !isThere(catalogue, files, old)) {
            gone.add(old);
          }
        }
        catalogue.transaction(
            () -> {
              Set<Long> directories = new TreeSet<>();
              for (Old old : gone) {
                catalogue.expiry().forget(old);
                directories.addAll(catalogue.expiry().directoriesOf(old));
              }
              catalogue.expiry().forgetUnnamed(directories);
            });
        catalogue.directories().forgetIds();
      }
    }
  }

  /** Increments that were removed when all in them had expired. */
  private void clearGone(Catalogue catalogue, List<Run> runs) throws IOException {
    catalogue.transaction(
        () -> {
          for (Run run : runs) {
            String increment = run.increment();
            if (increment != null
                && run.ended() != null
                && !increments.contains(increment)
                && catalogue.contents().placesIn(run.id()) == 0) {
              catalogue.runs().clearIncrement(run.id());
            }
          }
        });
  }

  /** Whether there is a file that nothing else would know of. */
  private static boolean isThere(Catalogue catalogue, IncrementFiles files, Old old)
      throws IOException {
    Long content = old.content();
    if (content == null) {
      return old.type() != FileType.DIRECTORY && files.has(old.until(), old.path());
    }
    if (!catalogue.entries().pathsOf(content).isEmpty()) {
      return false;
    }
    for (var placed : catalogue.expiry().placesOf(content)) {
      if (files.has(placed.run(), placed.path())) {
        return true;
      }
    }
    return false;
  }

  /** What a run had committed and perhaps not published when it was cut short. */
  private void addPending(Catalogue catalogue, ManifestReplay replay, List<Run> runs)
      throws IOException {
    if (wrongRuns || replay.operations().stream().anyMatch(one -> isOpen(one, runs))) {
      catalogue.transaction(
          () -> {
            for (var operation : replay.operations()) {
              catalogue.pending().add(operation);
            }
          });
    }
  }

  /** Whether nothing tells that the operation is done. */
  private boolean isOpen(Operation operation, List<Run> runs) {
    if (operation.run() == 0) {
      return operation.batch() == generation;
    }
    return runs.stream().noneMatch(run -> run.id() == operation.run() && run.ended() != null);
  }
}
