package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.deferredsync.backup.TargetRegistry.Remembered;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.MountTable;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FilePath;

/**
 * Tells whether what lies at the target's path is the target, a place to begin one, or neither: a
 * disk that is not mounted, somebody else's files. Writes nothing.
 */
final class TargetGround {
  private static final Pattern ORIGINAL_INCREMENT = Pattern.compile("_backup_[0-9]{8}");
  private static final int ID_LENGTH = 64;

  private final Posix posix;
  private final TargetRegistry registry;
  private final Path fstab;

  TargetGround(Engine engine) {
    this.posix = engine.posix();
    this.registry = engine.registry();
    this.fstab = engine.fstab();
  }

  /** What was found. */
  sealed interface Found {}

  /** A target with this id, which the host may not know yet. */
  record Existing(String id, boolean remembered) implements Found {}

  /**
   * A place where a target can be begun.
   *
   * @param warning what the operator should know of it, or empty
   */
  record Free(String warning) implements Found {}

  /**
   * Looks at an open directory.
   *
   * @param residents what may be in a directory that is no target yet
   * @throws BackupException if nothing may be written there
   */
  Found look(FilePath target, int root, Residents residents) throws BackupException, IOException {
    Optional<Remembered> remembered = registry.find(target);
    Optional<String> id = id(root);
    if (id.isPresent()) {
      if (remembered.isPresent() && !remembered.get().id().equals(id.get())) {
        throw BackupException.prerequisite(
            target
                + ": another target than the one that this host has used here; if it is meant, remove "
                + registry.pathOf(target)
                + " and run again");
      }
      return new Existing(id.get(), remembered.isPresent());
    }
    checkMounts(target, remembered);
    return free(target, root, residents, remembered.isPresent());
  }

  /** The id of an open target, which somebody may take away meanwhile. */
  String requireId(Target target) throws BackupException, IOException {
    Optional<String> id = id(target.root());
    if (id.isEmpty()) {
      throw BackupException.failure(
          target.path()
              + "/"
              + Target.OWN
              + "/target-id: gone while the target was opened; see who removes it, and run again");
    }
    return id.get();
  }

  /** The id in our directory below {@code root}, if there is one. */
  Optional<String> id(int root) throws BackupException, IOException {
    int own;
    try {
      own = posix.openDirectory(root, Target.OWN_NAME);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
    try {
      String id =
          new String(
                  AtomicFile.read(posix, own, Target.TARGET_ID, ID_LENGTH),
                  StandardCharsets.US_ASCII)
              .strip();
      return id.isEmpty() ? Optional.empty() : Optional.of(id);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    } finally {
      posix.close(own);
    }
  }

  private void checkMounts(FilePath target, Optional<Remembered> remembered)
      throws BackupException, IOException {
    String mountPoint = mountPoint(target);
    if (remembered.isPresent() && !remembered.get().mountPoint().equals(mountPoint)) {
      throw BackupException.prerequisite(
          target
              + ": the target is not here; it lay on the mount "
              + remembered.get().mountPoint()
              + ", which is not mounted now; mount it, or remove "
              + registry.pathOf(target)
              + " to begin a new target");
    }
    for (byte[] bytes : MountTable.fstabMountPoints(fstab)) {
      FilePath mount = FilePath.normalized(bytes);
      if (mount.contains(target) && !mount.isRoot() && !isMounted(mount)) {
        throw BackupException.prerequisite(
            target
                + ": "
                + fstab
                + " has a mount at "
                + mount
                + ", which is not mounted; mount it");
      }
    }
  }

  /** The mount that the path lies on, printable; empty on a system that does not tell. */
  static String mountPoint(FilePath path) throws IOException {
    Path real = Path.of(path.toString()).toRealPath();
    return MountTable.ofSystem()
        .mountOf(real.toString().getBytes(StandardCharsets.UTF_8))
        .map(mount -> Printable.of(mount.mountPoint()))
        .orElse("");
  }

  private boolean holdsCatalogue(int root) throws IOException {
    int own = posix.openDirectory(root, Target.OWN_NAME);
    try {
      posix.stat(own, Stager.bytes(Target.CATALOGUE));
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    } finally {
      posix.close(own);
    }
  }

  private static boolean isMounted(FilePath mount) throws IOException {
    return MountTable.ofSystem().mounts().stream()
        .anyMatch(mounted -> Arrays.equals(mounted.mountPoint(), mount.bytes()));
  }

  private Free free(FilePath target, int root, Residents residents, boolean remembered)
      throws BackupException, IOException {
    List<String> names = new ArrayList<>();
    posix.list(root, entry -> names.add(new String(entry.name(), StandardCharsets.ISO_8859_1)));
    names.remove("lost+found");
    names.removeAll(residents.dumps());
    if (names.remove(Target.OWN) && holdsCatalogue(root)) {
      throw BackupException.prerequisite(
          target + "/" + Target.OWN + ": target-id is missing; put it back from a copy");
    }
    if (names.isEmpty()) {
      return new Free(
          remembered ? target + ": empty, though it was a target before; begun anew" : "");
    }
    boolean original = names.stream().anyMatch(name -> ORIGINAL_INCREMENT.matcher(name).matches());
    if (original || residents.mirrors().containsAll(names)) {
      return new Free(
          target
              + ": taken over from rsync; its files stay, and its _backup_YYYYMMDD never expire");
    }
    String stranger = names.stream().sorted().findFirst().orElseThrow();
    throw BackupException.prerequisite(
        target
            + ": neither empty nor a target: it holds "
            + Printable.of(stranger.getBytes(StandardCharsets.ISO_8859_1))
            + "; empty it or name another directory");
  }
}
