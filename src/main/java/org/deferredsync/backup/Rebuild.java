package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.deferredsync.backup.TargetGround.Existing;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.DamagedCatalogueException;
import org.deferredsync.fs.LockFile;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Makes a lost or damaged catalogue again: from the manifests, and what they lack from mirror and
 * increments. The new one is whole before it takes its place; the old one is kept aside. Deletes
 * nothing but what an earlier attempt left of its own; can be cut short anywhere and begun again.
 */
public final class Rebuild {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT);

  private final Engine engine;
  private final FilePath path;
  private final Set<FilePath> configured;
  private final Logger log;

  /**
   * @param configured the sources that runs back up: what lies in the mirror is told to be theirs
   *     where nothing else says whose it is
   */
  public Rebuild(Engine engine, FilePath target, Set<FilePath> configured, Logger log) {
    this.engine = engine;
    this.path = target;
    this.configured = Set.copyOf(configured);
    this.log = log;
  }

  /**
   * What became of it.
   *
   * @param rebuilt whether there was anything to do
   * @param exact whether the new catalogue has all that the old one had
   * @param runs how many runs it has
   * @param found how many versions are known by their files alone
   * @param keptAs the name under which the old one is kept, in its directory; null if there was
   *     none
   */
  public record Report(
      boolean rebuilt, boolean exact, long runs, long found, @Nullable String keptAs) {}

  /**
   * Rebuilds it if it is lost, damaged, or not of the same moment as the mirror.
   *
   * @param anyway whether also if it seems to be whole
   * @throws BackupException if there is no target, or it is in use
   */
  public Report run(boolean anyway) throws BackupException, IOException {
    try {
      return runOnTarget(anyway);
    } catch (IOException e) {
      throw explained(-1, e);
    }
  }

  /** What failed, with the target's path where that is lacking. */
  private BackupException explained(int root, IOException failure) throws IOException {
    if (failure instanceof PosixException
        || failure instanceof CatalogueException
        || failure instanceof FileSystemException) {
      return WriteTrouble.explain(engine.posix(), root, path, failure, "rebuild again");
    }
    return new BackupException(
        BackupException.Kind.FAILURE, String.valueOf(failure.getMessage()), failure);
  }

  private Report runOnTarget(boolean anyway) throws BackupException, IOException {
    Posix posix = engine.posix();
    OpenFiles.require(posix);
    int root = OpenTarget.openRoot(posix, path);
    String id;
    try {
      TargetGround ground = new TargetGround(engine);
      if (!(ground.look(path, root, Residents.NONE) instanceof Existing existing)) {
        throw BackupException.noTarget(path);
      }
      id = existing.id();
    } catch (BackupException | IOException | RuntimeException e) {
      posix.close(root);
      throw e;
    }
    try (Target target = Target.open(posix, path, root)) {
      LockFile lock = lock(target);
      try {
        new Reserve(posix, target.own()).releaseIfFull();
        if (!anyway && isWhole(target)) {
          try (Catalogue catalogue = Catalogue.openReader(target.catalogueFile())) {
            return new Report(false, true, catalogue.runs().list().size(), 0, null);
          }
        }
        return rebuild(target, id);
      } catch (IOException e) {
        throw explained(target.root(), e);
      } finally {
        lock.close();
      }
    }
  }

  private LockFile lock(Target target) throws BackupException, IOException {
    try {
      return OpenTarget.lock(engine.posix(), target, engine.clock().instant());
    } catch (PosixException e) {
      throw WriteTrouble.refuse(path, e);
    }
  }

  private boolean isWhole(Target target) throws IOException {
    if (!target.has(Target.CATALOGUE)) {
      log.warn("{}: missing.", target.catalogueFile());
      return false;
    }
    try (Catalogue catalogue = Catalogue.openReader(target.catalogueFile())) {
      List<String> damage = catalogue.damage();
      if (!damage.isEmpty()) {
        log.warn("{}: damaged: {}.", target.catalogueFile(), damage.get(0));
        return false;
      }
      new TargetCatalogue(engine, target).checkBelongs(catalogue);
      return true;
    } catch (CatalogueException | BackupException e) {
      String remedy = DamagedCatalogueException.REMEDY; // under way
      log.warn("{}.", String.valueOf(e.getMessage()).replace(remedy, ""));
      return false;
    }
  }

  private Report rebuild(Target target, String id) throws BackupException, IOException {
    Instant began = engine.clock().instant();
    RebuiltRows rows = new RebuiltRows(engine, target, configured, log);
    RebuiltRows.Outcome outcome;
    long runs;
    TargetCatalogue place = new TargetCatalogue(engine, target);
    try (Catalogue made = place.make(id)) {
      outcome = rows.fill(made);
      runs = made.runs().list().size();
      made.checkpoint(); // nobody reads a file that has just been made
    }
    String keptAs = keepAside(target);
    place.putInPlace();
    target.setGeneration(outcome.generation());
    finish(target, outcome);
    log.info(
        "Catalogue rebuilt in {} s: {}{}.",
        Math.max(1, Duration.between(began, engine.clock().instant()).toSeconds()),
        Quantity.of(runs, "run"),
        keptAs == null ? "" : "; the old one is kept as " + Target.OWN + "/" + keptAs);
    return new Report(true, outcome.exact(), runs, outcome.found(), keptAs);
  }

  /** Finishes what the last run left, and writes down what was found. */
  private void finish(Target target, RebuiltRows.Outcome outcome) throws IOException {
    Posix posix = engine.posix();
    int staging = target.openStaging();
    try (Catalogue catalogue = Catalogue.open(target.catalogueFile(), engine.hook());
        Manifests manifests = Manifests.open(posix, target, catalogue, log)) {
      Barrier barrier = Barrier.of(posix, target.root(), engine.kernelRelease());
      Metadata metadata = Metadata.ofMirror(posix, new Unkept(log, "the mirror"));
      Publisher publisher = new Publisher(posix, target, catalogue, barrier, metadata, staging);
      new Recovery(posix, target, catalogue, publisher, barrier, staging, manifests, log).recover();
      if (!outcome.exact()) {
        manifests.keepAside(outcome.damaged());
        manifests.writeAll(catalogue);
      }
      manifests.keepRuns(catalogue);
      catalogue.checkpoint(); // where a reader is in the way the next run does it
    } finally {
      posix.close(staging);
    }
  }

  /** Moves the old one away, its log first: beside a new one that would be taken for its own. */
  private @Nullable String keepAside(Target target) throws IOException {
    Posix posix = engine.posix();
    Instant now = engine.clock().instant();
    String name = asideName(now);
    while (target.has(name) || target.has(name + "-wal")) {
      now = now.plusSeconds(1);
      name = asideName(now);
    }
    String kept = null;
    for (String suffix : List.of("-wal", "-shm", "")) {
      if (target.has(Target.CATALOGUE + suffix)) {
        posix.renameNew(
            target.own(),
            Stager.bytes(Target.CATALOGUE + suffix),
            target.own(),
            Stager.bytes(name + suffix));
        kept = name;
      }
    }
    return kept;
  }

  private static String asideName(Instant time) {
    return Target.CATALOGUE + ".damaged-" + STAMP.format(time.atOffset(ZoneOffset.UTC));
  }
}
