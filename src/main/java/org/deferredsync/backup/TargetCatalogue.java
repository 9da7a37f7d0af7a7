package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.Run;

/**
 * The catalogue's file in a target: made under another name, so that one without tables is never
 * found, and believed only if it is this target's and of the same moment as the mirror.
 */
final class TargetCatalogue {
  private static final String NEW = "catalogue.new";
  private static final String SECOND = "catalogue.link";

  private final Engine engine;
  private final Posix posix;
  private final Target target;

  TargetCatalogue(Engine engine, Target target) {
    this.engine = engine;
    this.posix = engine.posix();
    this.target = target;
  }

  /** Refuses a target whose catalogue is lost. */
  static void require(Target target) throws BackupException, IOException {
    if (!target.has(Target.CATALOGUE)) {
      throw BackupException.prerequisite(
          target.catalogueFile()
              + ": missing, though there is a mirror; make it again with deferred-sync rebuild");
    }
  }

  /** Opens it to write; a target whose mirror has nothing yet gets one. */
  Catalogue open() throws BackupException, IOException {
    String id = new TargetGround(engine).requireId(target);
    if (!target.has(Target.CATALOGUE)) {
      if (target.generation() > 0) {
        require(target);
      }
      begin(id);
    }
    Catalogue catalogue = Catalogue.open(target.catalogueFile(), engine.hook());
    try {
      for (String empty : checkBelongs(catalogue)) {
        IncrementFiles.removeEmpty(posix, target, empty);
      }
      return catalogue;
    } catch (BackupException | IOException | RuntimeException e) {
      catalogue.close();
      throw e;
    }
  }

  private void begin(String id) throws BackupException, IOException {
    try (Catalogue catalogue = make(id)) {
      catalogue.checkpoint(); // nobody reads a file that has just been made
    }
    requireLinks();
    putInPlace();
  }

  /** One without rows, not yet in its place; what an earlier attempt left of it is dropped. */
  Catalogue make(String id) throws IOException {
    for (String leftover : List.of(NEW, NEW + "-wal", NEW + "-shm", SECOND)) {
      if (target.has(leftover)) {
        posix.unlink(target.own(), Stager.bytes(leftover));
      }
    }
    posix.close(posix.createFile(target.own(), Stager.bytes(NEW), 0600));
    Path file = target.catalogueFile().resolveSibling(NEW);
    return Catalogue.create(file, id, engine.hook());
  }

  /** History is kept by hard links: without them nothing is begun. */
  private void requireLinks() throws BackupException, IOException {
    try {
      posix.link(target.own(), Stager.bytes(NEW), target.own(), Stager.bytes(SECOND));
    } catch (PosixException e) {
      if (NoHardLinksException.isTold(e)) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + target.path() + ": " + NoHardLinksException.TEXT);
      }
      throw e;
    }
    posix.unlink(target.own(), Stager.bytes(SECOND));
  }

  /** Gives the one that was made, and is closed, its name, which must be free. */
  void putInPlace() throws IOException {
    posix.renameNew(target.own(), Stager.bytes(NEW), target.own(), Stager.bytes(Target.CATALOGUE));
    posix.syncDirectory(target.own());
  }

  /**
   * A catalogue of another target, or older than the mirror, would turn the history false.
   *
   * @return increments that the catalogue does not know and that hold no file: a removal that a
   *     power cut undid; nothing is changed
   */
  List<String> checkBelongs(Catalogue catalogue) throws BackupException, IOException {
    String id = new TargetGround(engine).requireId(target);
    if (!catalogue.targetId().equals(id)) {
      throw BackupException.prerequisite(
          target.catalogueFile()
              + ": the catalogue of another target; put back the one of "
              + id
              + ", or make it again with deferred-sync rebuild");
    }
    long generation = target.generation();
    long batch = catalogue.generation();
    if (generation != batch && generation != batch - 1) {
      throw BackupException.prerequisite(
          target.catalogueFile()
              + ": not of the same moment as the mirror (batch "
              + batch
              + ", the mirror has "
              + generation
              + "); put back the copy that belongs to it, or make it again with deferred-sync rebuild");
    }
    return unknownIncrements(catalogue);
  }

  private List<String> unknownIncrements(Catalogue catalogue) throws BackupException, IOException {
    Set<String> known = new HashSet<>();
    for (Run run : catalogue.runs().list()) {
      String increment = run.increment();
      if (increment != null) {
        known.add(increment);
      }
    }
    List<String> empty = new ArrayList<>();
    for (String name : Increment.names(posix, target)) {
      if (known.contains(name)) {
        continue;
      }
      if (IncrementFiles.holdsNoFile(posix, target, name)) {
        empty.add(name);
      } else {
        throw BackupException.prerequisite(
            target.path()
                + "/"
                + name
                + ": an increment that the catalogue does not know; put back the catalogue that belongs to it, or make it again with deferred-sync rebuild");
      }
    }
    return empty;
  }
}
