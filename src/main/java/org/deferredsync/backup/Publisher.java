package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Carries out committed operations on the mirror: renames, unlinks and metadata, nothing that needs
 * room. Each may have been done before; done twice it is the same.
 */
final class Publisher {
  private static final int OWNER_WRITES = 0200;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Barrier barrier;
  private final Metadata metadata;
  private final int staging;
  private final boolean root;

  Publisher(
      Posix posix,
      Target target,
      Catalogue catalogue,
      Barrier barrier,
      Metadata metadata,
      int staging) {
    this.metadata = metadata;
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.barrier = barrier;
    this.staging = staging;
    this.root = posix.effectiveUser() == 0;
  }

  /** Does all of them, in their order; files in increments, which the others never touch, last. */
  void publish(List<Operation> operations) throws IOException {
    List<Operation> prunes = new ArrayList<>();
    for (Operation operation : operations) {
      switch (operation.kind()) {
        case PUT -> put(operation);
        case PUT_DIRECTORY -> putDirectory(operation);
        case REMOVE -> remove(operation);
        case REMOVE_DIRECTORY -> removeDirectory(operation);
        case SET -> set(operation.path());
        case PRUNE -> prunes.add(operation);
      }
    }
    if (!prunes.isEmpty()) {
      prune(prunes);
    }
  }

  /** Done if, and only if, the staged name is gone: no step is repeated then. */
  private void put(Operation operation) throws IOException {
    byte[] staged = Stager.bytes(stagedName(operation));
    Stat ours = statOrNull(staging, staged);
    if (ours == null) {
      return;
    }
    int parent = writableParent(operation.path());
    byte[] name = operation.path().name();
    Stat there = statOrNull(parent, name);
    if (there == null) {
      posix.renameNew(staging, staged, parent, name);
    } else if (there.sameObject(ours)) {
      posix.unlink(staging, staged); // one inode: rename(2) would leave both names
    } else {
      checkDisplaced(operation, there);
      if (there.isDirectory()) {
        target.mirror().forget(operation.path());
        posix.removeDirectory(parent, name);
        posix.renameNew(staging, staged, parent, name);
      } else {
        posix.rename(staging, staged, parent, name);
      }
    }
    barrier.written(parent);
    barrier.written(staging);
  }

  private void putDirectory(Operation operation) throws IOException {
    byte[] staged = Stager.bytes(stagedName(operation));
    if (statOrNull(staging, staged) == null) {
      return;
    }
    int parent = writableParent(operation.path());
    byte[] name = operation.path().name();
    Stat there = statOrNull(parent, name);
    if (there != null && !there.isDirectory()) {
      checkDisplaced(operation, there);
      posix.unlink(parent, name);
      there = null;
    }
    target.mirror().forget(operation.path());
    if (there == null) {
      posix.renameNew(staging, staged, parent, name);
    } else {
      posix.rename(staging, staged, parent, name); // only an empty directory gives way
    }
    barrier.written(parent);
    barrier.written(staging);
  }

  private void remove(Operation operation) throws IOException {
    Stat there = displacedOrNull(operation);
    if (there != null) {
      int parent = writableParent(operation.path());
      posix.unlink(parent, operation.path().name());
      barrier.written(parent);
    }
  }

  private void removeDirectory(Operation operation) throws IOException {
    Stat there = displacedOrNull(operation);
    if (there != null && there.isDirectory()) {
      int parent = writableParent(operation.path());
      target.mirror().forget(operation.path());
      try {
        posix.removeDirectory(parent, operation.path().name());
      } catch (PosixException e) {
        if (!e.is(Errno.ENOTEMPTY) && !e.is(Errno.EEXIST)) {
          throw e;
        }
        // somebody put something there since it was staged: it is not ours to remove
      }
      barrier.written(parent);
    }
  }

  /**
   * What a removal is about, if it is still there; its parents may be gone, or something else, when
   * it is not.
   */
  private @Nullable Stat displacedOrNull(Operation operation) throws IOException {
    Stat there = target.mirror().statOrNull(operation.path());
    return there != null && there.inode() == operation.displacedInode() ? there : null;
  }

  /**
   * Owner, mode and time as the current entry has them; nothing for a directory that is only
   * scaffolding.
   */
  private void set(FilePath path) throws IOException {
    Optional<Entry> entry = catalogue.entries().find(path);
    if (entry.isEmpty()) {
      return;
    }
    Version version = entry.get().version();
    if (version.type() == FileType.SYMLINK) {
      return; // put whole, with its metadata, in place of a directory that lost its files before
    }
    int parent = parent(path);
    Stat there = statOrNull(parent, path.name());
    if (there == null && version.type() == FileType.DIRECTORY) {
      target.mirror().openOrMake(path); // taken out of the mirror by somebody
    } else if (there == null || FileType.ofMode(there.mode()) != version.type()) {
      return; // not what was stored: verify names it, and nothing of ours is changed by this
    }
    metadata.set(parent, path.name(), path, version, catalogue.xattrs().find(version.xattr()));
  }

  private void prune(List<Operation> operations) throws IOException {
    try (IncrementFiles files = new IncrementFiles(posix, target, catalogue, barrier)) {
      for (Operation operation : operations) {
        files.delete(operation.run(), operation.path());
      }
    }
  }

  private static void checkDisplaced(Operation operation, Stat there) throws IOException {
    if (there.inode() != operation.displacedInode()) {
      throw new IOException(
          operation.path()
              + ": somebody put something into the mirror here while a run was at work; move it away and run again");
    }
  }

  private int parent(FilePath path) throws IOException {
    return target.mirror().openOrMake(path.above());
  }

  /**
   * The same, and an ordinary user may change names in it: the mirror's directory may be closed to
   * its owner. Its own mode comes back with the batch's last operations.
   */
  private int writableParent(FilePath path) throws IOException {
    int parent = parent(path);
    if (!root) {
      int permissions = posix.stat(parent).permissions();
      if ((permissions & OWNER_WRITES) == 0) {
        posix.setMode(parent, new byte[] {'.'}, permissions | OWNER_WRITES);
      }
    }
    return parent;
  }

  private @Nullable Stat statOrNull(int directory, byte[] name) throws IOException {
    try {
      return posix.stat(directory, name);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return null;
      }
      throw e;
    }
  }

  private static String stagedName(Operation operation) {
    String staged = operation.staged();
    if (staged == null) {
      throw new IllegalArgumentException("nothing staged for " + operation.path());
    }
    return staged;
  }
}
