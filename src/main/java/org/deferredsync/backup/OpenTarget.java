package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.deferredsync.backup.TargetGround.Existing;
import org.deferredsync.backup.TargetGround.Found;
import org.deferredsync.backup.TargetGround.Free;
import org.deferredsync.backup.TargetRegistry.Remembered;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.LockFile;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * A target locked for one writer, with its catalogue: found to be the right one, begun if it had to
 * be.
 */
final class OpenTarget implements AutoCloseable {
  static final byte[] NEW_CATALOGUE = Stager.bytes("catalogue.new");

  private final Target target;
  private final LockFile lock;
  private final Catalogue catalogue;
  private final long released;
  private final Manifests manifests;
  private final ManifestWriter manifest;

  private OpenTarget(
      Target target, LockFile lock, Catalogue catalogue, long released, Manifests manifests) {
    this.target = target;
    this.lock = lock;
    this.catalogue = catalogue;
    this.released = released;
    this.manifests = manifests;
    this.manifest = new ManifestWriter(manifests, catalogue);
  }

  /** How many bytes of what is free are the reserve's, and not for a run to use up. */
  long released() {
    return released;
  }

  Target target() {
    return target;
  }

  Catalogue catalogue() {
    return catalogue;
  }

  Manifests manifests() {
    return manifests;
  }

  /** Writes what the catalogue is told. */
  ManifestWriter manifest() {
    return manifest;
  }

  /**
   * Opens the target, or begins one.
   *
   * @param residents what may be in a directory that is no target yet
   * @throws BackupException if it is not the target, is in use, or its catalogue and mirror do not
   *     belong together
   */
  static OpenTarget open(Engine engine, FilePath path, Residents residents, Logger log)
      throws BackupException, IOException {
    OpenFiles.require(engine.posix());
    try {
      return opened(engine, path, residents, log);
    } catch (PosixException e) {
      throw WriteTrouble.refuse(path, e);
    }
  }

  private static OpenTarget opened(Engine engine, FilePath path, Residents residents, Logger log)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    TargetRegistry registry = engine.registry();
    int root = openRoot(posix, path);
    Found found;
    try {
      found = new TargetGround(posix, registry, engine.fstab()).look(path, root, residents);
      if (found instanceof Free free) {
        if (!free.warning().isEmpty()) {
          log.warn("{}.", free.warning());
        }
        begin(posix, root);
      }
      keepPrivate(posix, root);
    } catch (BackupException | IOException | RuntimeException e) {
      posix.close(root);
      throw e;
    }
    Target target = Target.open(posix, path, root);
    try {
      LockFile lock = lock(posix, target, engine.clock().instant());
      try {
        TargetGround ground = new TargetGround(posix, registry, engine.fstab());
        if (found instanceof Free && ground.id(root).isEmpty()) {
          identify(posix, target);
        }
        boolean remembered = found instanceof Existing existing && existing.remembered();
        if (!remembered) {
          remember(engine, path, requireId(ground, target));
        }
        // SQLite needs some room only to open.
        long released = new Reserve(posix, target.own()).releaseIfFull();
        Catalogue catalogue = catalogue(engine, target);
        try {
          Manifests manifests = Manifests.open(posix, target, catalogue, log);
          return new OpenTarget(target, lock, catalogue, released, manifests);
        } catch (IOException | RuntimeException e) {
          catalogue.close();
          throw e;
        }
      } catch (BackupException | IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (BackupException | IOException | RuntimeException e) {
      target.close();
      throw e;
    }
  }

  /** The id, which somebody may take away while the target is opened. */
  private static String requireId(TargetGround ground, Target target)
      throws BackupException, IOException {
    Optional<String> id = ground.id(target.root());
    if (id.isEmpty()) {
      throw BackupException.failure(
          target.path()
              + "/"
              + Target.OWN
              + "/target-id: gone while the target was opened; see who removes it, and run again");
    }
    return id.get();
  }

  private static void remember(Engine engine, FilePath path, String id) throws IOException {
    try {
      engine.registry().remember(path, new Remembered(id, TargetGround.mountPoint(path)));
    } catch (PosixException e) {
      throw new IOException(engine.stateDirectory() + ": " + e.getMessage(), e); // not the target's
    }
  }

  /** Opens the directory that BACKUPTO names. */
  static int openRoot(Posix posix, FilePath path) throws BackupException, IOException {
    try {
      return posix.openPath(path.bytes());
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + path + ": does not exist; make the directory, or mount its disk");
      }
      if (e.is(Errno.ENOTDIR)) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + path + ": is no directory; name one that is");
      }
      throw e;
    }
  }

  /** Our own directory. */
  private static void begin(Posix posix, int root) throws IOException {
    posix.setMode(root, new byte[] {'.'}, 0700);
    try {
      posix.makeDirectory(root, Target.OWN_NAME, 0700);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  /** The id, once nobody else can be writing one. */
  private static void identify(Posix posix, Target target) throws IOException {
    String id = UUID.randomUUID() + "\n";
    AtomicFile.write(
        posix, target.own(), Target.TARGET_ID, id.getBytes(StandardCharsets.US_ASCII), 0600);
  }

  private static void keepPrivate(Posix posix, int root) throws IOException {
    if ((posix.stat(root).permissions() & 077) != 0) {
      posix.setMode(root, new byte[] {'.'}, 0700);
    }
  }

  static LockFile lock(Posix posix, Target target, Instant now)
      throws BackupException, IOException {
    LockFile.Attempt attempt =
        LockFile.tryTake(posix, target.own(), Target.LOCK, ProcessHandle.current().pid(), now);
    if (attempt instanceof LockFile.Taken taken) {
      return taken.lock();
    }
    String holder = attempt instanceof LockFile.Held held ? held.holder() : "";
    throw BackupException.failure(
        target.path()
            + ": in use by another run (pid and start: "
            + holder.strip()
            + "); wait for it");
  }

  private static Catalogue catalogue(Engine engine, Target target)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    byte[] name = Stager.bytes(Target.CATALOGUE);
    String id = requireId(new TargetGround(posix, engine.registry(), engine.fstab()), target);
    if (!exists(posix, target.own(), name)) {
      if (target.generation() > 0) {
        requireCatalogue(posix, target);
      }
      create(engine, target, id);
    }
    Catalogue catalogue = Catalogue.open(target.catalogueFile(), engine.hook());
    try {
      for (String empty : checkBelongs(engine, target, catalogue)) {
        IncrementFiles.removeEmpty(posix, target, empty);
      }
      return catalogue;
    } catch (BackupException | IOException | RuntimeException e) {
      catalogue.close();
      throw e;
    }
  }

  /** Refuses a target whose catalogue is lost. */
  static void requireCatalogue(Posix posix, Target target) throws BackupException, IOException {
    if (!exists(posix, target.own(), Stager.bytes(Target.CATALOGUE))) {
      throw BackupException.prerequisite(
          target.catalogueFile()
              + ": missing, though there is a mirror; make it again with deferred-sync rebuild");
    }
  }

  /** Makes the catalogue under another name first, so that one without tables is never found. */
  private static void create(Engine engine, Target target, String id)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    try (Catalogue catalogue = newCatalogue(engine, target, id)) {
      catalogue.checkpoint(); // nobody reads a file that has just been made
    }
    requireLinks(posix, target);
    posix.renameNew(target.own(), NEW_CATALOGUE, target.own(), Stager.bytes(Target.CATALOGUE));
    posix.syncDirectory(target.own());
  }

  /** History is kept by hard links: without them nothing is begun. */
  private static void requireLinks(Posix posix, Target target) throws BackupException, IOException {
    byte[] second = Stager.bytes("catalogue.link");
    try {
      posix.link(target.own(), NEW_CATALOGUE, target.own(), second);
    } catch (PosixException e) {
      if (NoHardLinksException.isTold(e)) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + target.path() + ": " + NoHardLinksException.TEXT);
      }
      throw e;
    }
    posix.unlink(target.own(), second);
  }

  /** One without rows, not yet in its place; what an earlier attempt left of it is dropped. */
  static Catalogue newCatalogue(Engine engine, Target target, String id) throws IOException {
    Posix posix = engine.posix();
    for (String leftover :
        List.of("catalogue.new", "catalogue.new-wal", "catalogue.new-shm", "catalogue.link")) {
      if (exists(posix, target.own(), Stager.bytes(leftover))) {
        posix.unlink(target.own(), Stager.bytes(leftover));
      }
    }
    posix.close(posix.createFile(target.own(), NEW_CATALOGUE, 0600));
    Path file = target.catalogueFile().resolveSibling("catalogue.new");
    return Catalogue.create(file, id, engine.hook());
  }

  private static boolean exists(Posix posix, int directory, byte[] name) throws IOException {
    try {
      posix.stat(directory, name);
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /**
   * A catalogue of another target, or older than the mirror, would turn the history false.
   *
   * @return increments that the catalogue does not know and that hold no file: a removal that a
   *     power cut undid; nothing is changed
   */
  static List<String> checkBelongs(Engine engine, Target target, Catalogue catalogue)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    String id = requireId(new TargetGround(posix, engine.registry(), engine.fstab()), target);
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
    Set<String> known = new HashSet<>();
    for (Run run : catalogue.runs().list()) {
      String increment = run.increment();
      if (increment != null) {
        known.add(increment);
      }
    }
    List<String> empty = new ArrayList<>();
    for (String name : increments(posix, target)) {
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

  static Set<String> increments(Posix posix, Target target) throws IOException {
    Set<String> names = new HashSet<>();
    posix.list(
        target.root(),
        entry -> {
          String name = new String(entry.name(), StandardCharsets.ISO_8859_1);
          IncrementName.parse(name).ifPresent(increment -> names.add(increment.toString()));
        });
    return names;
  }

  @Override
  public void close() throws IOException {
    try (target;
        lock;
        manifests;
        manifest) {
      catalogue.close();
    }
  }
}
