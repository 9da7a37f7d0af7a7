package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Posix;
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
  private final Set<String> increments;

  RebuiltRows(Engine engine, Target target, Set<FilePath> configured, Logger log)
      throws IOException {
    this.engine = engine;
    this.posix = engine.posix();
    this.target = target;
    this.log = log;
    this.increments = new TreeSet<>(Increment.names(posix, target));
    this.rebuiltRuns = new RebuiltRuns(engine, target, configured, increments, log);
  }

  /**
   * What came of it.
   *
   * @param exact whether nothing is lacking
   * @param generation the number of the last batch
   * @param damaged manifests that are not what was written
   * @param found how many versions are known by their files alone
   */
  record Outcome(boolean exact, long generation, List<ManifestName> damaged, long found) {}

  /** Fills the empty catalogue. */
  Outcome fill(Catalogue catalogue) throws IOException {
    ManifestChain manifests = new ManifestChain(posix, target, catalogue, log);
    Map<Long, Run> runs = manifests.replay();
    boolean onlyFiles = runs.isEmpty();
    SortedSet<Long> lacking = new TreeSet<>(manifests.lacking());
    lacking.addAll(rebuiltRuns.addIncrements(runs));
    if (manifests.lacksNewest()) {
      lacking.add(rebuiltRuns.addNewest(runs));
    }
    boolean exact = lacking.isEmpty() && !manifests.hasWrongRuns();
    List<Run> all = List.copyOf(runs.values());
    addRuns(catalogue, manifests, all, exact);
    // From files alone the first run is the state before the first increment.
    long found = lacking.isEmpty() ? 0 : reconcile(catalogue, all, lacking, onlyFiles);
    dropDeleted(catalogue, all);
    clearGone(catalogue, all);
    addPending(catalogue, manifests.unfinished(all));
    return new Outcome(exact, manifests.generation(), manifests.damaged(), found);
  }

  private static void addRuns(
      Catalogue catalogue, ManifestChain manifests, List<Run> runs, boolean exact)
      throws IOException {
    long generation = manifests.generation();
    // More than there are: until all are written anew, each run knows that some are lacking.
    long manifest = exact ? manifests.last() : generation + 1;
    catalogue.transaction(
        () -> {
          for (Run run : runs) {
            catalogue.runs().add(run);
          }
          for (FilePath source : manifests.removals()) {
            catalogue.runs().beginRemoval(source);
          }
          catalogue.setGeneration(generation);
          catalogue.setManifest(manifest);
        });
  }

  /** Answers how many versions it found. */
  private long reconcile(
      Catalogue catalogue, List<Run> runs, SortedSet<Long> lacking, boolean onlyFiles)
      throws IOException {
    long first = onlyFiles ? 1 : lacking.first();
    long last = lacking.last();
    if (!onlyFiles && last == 1) {
      last = runs.get(runs.size() - 1).id(); // all that there was of the runs before is lacking
    }
    long found;
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
    return found;
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

  private static void addPending(Catalogue catalogue, List<Operation> operations)
      throws IOException {
    if (!operations.isEmpty()) {
      catalogue.transaction(
          () -> {
            for (Operation operation : operations) {
              catalogue.pending().add(operation);
            }
          });
    }
  }
}
