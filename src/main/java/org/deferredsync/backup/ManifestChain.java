package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * The manifests of a target as far as they can be used: the last one with all rows, and those of
 * the batches behind it. Each is replayed whole or not at all, and which runs may lack rows is
 * known.
 */
final class ManifestChain {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Logger log;
  private final ManifestReplay replay;
  private final ManifestReplay told;
  private final List<ManifestName> damaged = new ArrayList<>();
  private final Set<Long> lacking = new TreeSet<>();
  private boolean wrongRuns;
  private long generation;
  private long last;

  /**
   * @param catalogue gets the rows; it has none
   */
  ManifestChain(Posix posix, Target target, Catalogue catalogue, Logger log) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.log = log;
    this.replay = new ManifestReplay(catalogue);
    this.told = new ManifestReplay(catalogue);
  }

  /** Replays all rows but those of runs, which it answers by their ids. */
  Map<Long, Run> replay() throws IOException {
    int directory = open();
    if (directory >= 0) {
      try {
        ManifestReader reader = new ManifestReader(posix, directory);
        replay(reader, Manifests.names(posix, directory));
        readRuns(reader);
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
    return runs;
  }

  private int open() throws IOException {
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

  private void replay(ManifestReader reader, List<ManifestName> names) throws IOException {
    generation = generation(names);
    List<ManifestName> whole = names.stream().filter(ManifestName::all).toList();
    for (int i = whole.size() - 1; i >= 0 && last == 0; i--) {
      if (read(reader, whole.get(i))) {
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
      if (!read(reader, name)) {
        lacking.add(Math.max(1, name.run()));
      } else if (replay.after() > before) {
        log.warn("{}: manifests before it are missing.", "manifests/" + name);
        lacking.add(Math.max(1, name.run()));
        if (name.run() > 0) {
          lacking.add(Math.max(1, runBefore)); // batches of that one may be among them
        }
      }
    }
  }

  /** Takes all rows of one, or, if it is damaged, none. */
  private boolean read(ManifestReader reader, ManifestName name) throws IOException {
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

  private void readRuns(ManifestReader reader) throws IOException {
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

  /** The number of the last batch of the mirror. */
  long generation() {
    return generation;
  }

  /** The batch of the last manifest. */
  long last() {
    return last;
  }

  /**
   * Whether the manifests of the last batches are missing, and nothing tells whose these were; not
   * if they may have been of a pruning, which leaves none.
   */
  boolean lacksNewest() {
    if (generation <= last || told.after() > last) {
      return false;
    }
    ManifestRow.Reached reached = told.reached();
    if (reached == null) {
      return wrongRuns;
    }
    boolean pruned = reached.deleting() && replay.lastRun() <= told.lastRun();
    return generation > reached.batch() && !pruned;
  }

  /** Runs of which rows may be lacking. */
  Set<Long> lacking() {
    return lacking;
  }

  /** Whether it is not known how runs ended. */
  boolean hasWrongRuns() {
    return wrongRuns;
  }

  /** Manifests that are not what was written. */
  List<ManifestName> damaged() {
    return damaged;
  }

  /** Sources that are being removed. */
  List<FilePath> removals() {
    return told.removals();
  }

  /**
   * What the last batch had committed and perhaps not published.
   *
   * @param runs all there are
   */
  List<Operation> unfinished(List<Run> runs) {
    List<Operation> operations = replay.operations();
    return wrongRuns || operations.stream().anyMatch(one -> isOpen(one, runs))
        ? operations
        : List.of();
  }

  /** Whether nothing tells that the operation is done. */
  private boolean isOpen(Operation operation, List<Run> runs) {
    if (operation.run() == 0) {
      return operation.batch() == generation;
    }
    return runs.stream().noneMatch(run -> run.id() == operation.run() && run.ended() != null);
  }
}
