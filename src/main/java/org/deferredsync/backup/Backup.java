package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.LinkedNames;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.slf4j.Logger;

/**
 * One run of the backup: brings the mirror up to date with the sources, keeps what that displaces,
 * and lets go of what has expired. Whatever stops it, what was committed stays and the next run
 * goes on from there.
 */
public final class Backup {
  private final Engine engine;
  private final BackupRequest request;
  private final Logger log;
  private final Batch.Limits limits;

  public Backup(Engine engine, BackupRequest request, Logger log) {
    this(engine, request, log, Batch.Limits.USUAL);
  }

  Backup(Engine engine, BackupRequest request, Logger log, Batch.Limits limits) {
    this.engine = engine;
    this.request = request;
    this.log = log;
    this.limits = limits;
  }

  /**
   * Runs.
   *
   * @throws BackupException if nothing could be done, or the work had to stop
   * @throws IOException if the system failed
   */
  public BackupReport run() throws BackupException, IOException {
    checkNames(request);
    RequiredMounts.look(engine.posix(), request.requiredMounts()).checkTarget(request.target());
    Instant started = engine.clock().instant();
    try {
      checkApart();
      return runOnTarget(started);
    } catch (IOException e) {
      throw WriteTrouble.explain(engine.posix(), -1, request.target(), e);
    }
  }

  private BackupReport runOnTarget(Instant started) throws BackupException, IOException {
    try (OpenTarget open = OpenTarget.open(engine, request.target(), residents(request), log)) {
      try {
        return run(open, started);
      } catch (IOException e) {
        throw WriteTrouble.explain(engine.posix(), open.target().root(), request.target(), e);
      }
    }
  }

  /** No source may lie where our own things lie in the target. */
  static void checkNames(BackupRequest request) throws BackupException {
    for (Source source : request.sources()) {
      if (!source.path().isRoot() && Target.isOurs(source.path().names().get(0))) {
        throw BackupException.prerequisite(
            "BACKUPDIRS: " + source.path() + " has the name of something in the target; move it");
      }
    }
  }

  /** Before a target is begun: one that holds a source, or lies in one, stays untouched. */
  private void checkApart() throws BackupException, IOException {
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, request.target());
    try {
      new SourceGround(posix, engine.clock(), log).check(request.sources(), request.target(), root);
    } finally {
      posix.close(root);
    }
  }

  static Residents residents(BackupRequest request) {
    return new Residents(
        request.sources().stream()
            .filter(source -> !source.path().isRoot())
            .map(source -> new String(source.path().name(), StandardCharsets.ISO_8859_1))
            .toList(),
        request.dumps());
  }

  private BackupReport run(OpenTarget open, Instant started) throws BackupException, IOException {
    Posix posix = engine.posix();
    Target target = open.target();
    Catalogue catalogue = open.catalogue();
    Manifests manifests = open.manifests();
    Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
    if (!barrier.coversNames()) {
      log.warn(
          "{}: its file system syncs no directories: after a power cut names of the last runs may be"
              + " missing; verify then.",
          target.path());
    }
    Unkept unkept = new Unkept(log, "the mirror");
    Metadata metadata = Metadata.ofMirror(posix, unkept);
    int staging = target.openStaging();
    try {
      Publisher publisher = new Publisher(posix, target, catalogue, barrier, metadata, staging);
      new Recovery(posix, target, catalogue, publisher, barrier, staging, manifests, log).recover();
      Forgetter forgetter =
          new Forgetter(posix, target, catalogue, publisher, barrier, open.manifest());
      Pruner pruner = new Pruner(posix, target, catalogue, forgetter, barrier, manifests);
      Expirer expirer = new Expirer(engine, request, open, pruner, log);
      try (Planner planner = Planner.plan(engine, request, target.root(), catalogue, log)) {
        if (planner.shortage(target.root(), open.released()).isPresent()) {
          expirer.expireBeforeRun(started); // it may give back what is short
        }
        Optional<String> shortage = planner.shortage(target.root(), open.released());
        if (shortage.isPresent()) {
          throw BackupException.prerequisite(
              request.target() + ": " + shortage.get() + "; nothing was written, make room");
        }
        IncrementName name = Increment.choose(posix, target, catalogue.runs().list(), started);
        long run = begin(catalogue, started, name, planner);
        boolean displaced;
        planner.beginCopying(engine.progress());
        try (Increment increment = new Increment(posix, target, name)) {
          apply(open, planner, staging, barrier, metadata, unkept, increment, run, started);
          displaced = increment.isMade();
        } finally {
          engine.progress().end();
        }
        end(catalogue, planner.results(), run, displaced);
        manifests.keepRuns(catalogue);
        new RestoreGuide(posix, target, log).keep(catalogue.runs().sources());
        String doubt = expirer.expireAfterRun(planner.results());
        manifests.keepSmall(catalogue);
        if (!catalogue.checkpoint()) {
          log.debug("A reader keeps the write-ahead log; the next run empties it.");
        }
        keepReserve(target);
        return new BackupReport(run, planner.reports(), doubt, catalogue.upkeep());
      }
    } finally {
      posix.close(staging);
    }
  }

  /** The run is stored; that it has no reserve is a warning. */
  private void keepReserve(Target target) {
    try {
      new Reserve(engine.posix(), target.own()).keep();
    } catch (IOException e) {
      log.warn(
          "{}: there is no room kept for the case that the disk is full: {}",
          target.path(),
          e.getMessage());
    }
  }

  /** From here on the run is in the catalogue, as interrupted until it ends. */
  private static long begin(
      Catalogue catalogue, Instant started, IncrementName increment, Planner planner)
      throws IOException {
    long[] run = new long[1];
    catalogue.transaction(
        () -> {
          run[0] = catalogue.runs().begin(started);
          catalogue.runs().setIncrement(run[0], increment.toString());
          for (RunSource source : planner.begun()) {
            catalogue.runs().setSource(run[0], source);
          }
        });
    return run[0];
  }

  private void apply(
      OpenTarget open,
      Planner planner,
      int staging,
      Barrier barrier,
      Metadata metadata,
      Unkept unkept,
      Increment increment,
      long run,
      Instant started)
      throws IOException {
    Posix posix = engine.posix();
    Target target = open.target();
    Catalogue catalogue = open.catalogue();
    Run known =
        catalogue.runs().list().stream().filter(one -> one.id() == run).findFirst().orElseThrow();
    List<SourceWork> sources = new ArrayList<>();
    for (SourceRoot source : planner.sources()) {
      sources.add(new SourceWork(source, new Tally()));
    }
    try (Catalogue committed = Catalogue.openReader(target.catalogueFile());
        LinkedNames links = new LinkedNames();
        SourceReader reader = new SourceReader(engine);
        Stager stager = new Stager(engine, reader, barrier, metadata, staging, run);
        Batches batches =
            new Batches(
                target,
                catalogue,
                new Publisher(posix, target, committed, barrier, metadata, staging),
                barrier,
                stager,
                open.manifest(),
                known,
                limits)) {
      MirrorCheck mirror = new MirrorCheck(posix, engine.clock(), target, committed);
      RunContext context =
          new RunContext(
              posix,
              committed,
              planner.store(),
              links,
              target,
              reader,
              stager,
              mirror,
              new Displacer(
                  posix, engine.clock(), target, committed, mirror, increment, barrier, run),
              batches,
              new RowWriter(committed, batches, run, started.toEpochMilli() * 1_000_000),
              unkept,
              sources);
      apply(context, run);
      batches.finish();
    }
    for (SourceWork work : sources) {
      planner.judge(work.source(), work.tally());
    }
  }

  /** Adds and changes first, then what has several names, then removals. */
  private static void apply(RunContext context, long run) throws IOException {
    List<TreeRemover> removers = new ArrayList<>();
    List<Applier> appliers = new ArrayList<>();
    for (SourceWork work : context.sources()) {
      TreeRemover remover = new TreeRemover(context, work, run);
      removers.add(remover);
      appliers.add(new Applier(context, work, remover));
    }
    for (Applier applier : appliers) {
      applier.apply();
    }
    new LinkApplier(context, removers).apply();
    for (Applier applier : appliers) {
      applier.remove();
    }
  }

  private void end(Catalogue catalogue, List<RunSource> results, long run, boolean displaced)
      throws IOException {
    Instant ended = engine.clock().instant();
    catalogue.transaction(
        () -> {
          catalogue.pending().clear();
          if (!displaced) {
            catalogue.runs().noIncrement(run);
          }
          for (RunSource result : results) {
            catalogue.runs().setSource(run, result);
          }
          catalogue.runs().end(run, ended);
        });
  }
}
