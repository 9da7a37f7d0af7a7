package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
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
import org.slf4j.Logger;

/**
 * A target locked for one writer, with its catalogue: found to be the right one, begun if it had to
 * be.
 */
final class OpenTarget implements AutoCloseable {
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
    TargetGround ground = new TargetGround(engine);
    int root = openRoot(posix, path);
    Found found;
    try {
      found = ground.look(path, root, residents);
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
        if (found instanceof Free && ground.id(root).isEmpty()) {
          identify(posix, target);
        }
        boolean remembered = found instanceof Existing existing && existing.remembered();
        if (!remembered) {
          remember(engine, path, ground.requireId(target));
        }
        // SQLite needs some room only to open.
        long released = new Reserve(posix, target.own()).releaseIfFull();
        Catalogue catalogue = new TargetCatalogue(engine, target).open();
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
