package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/**
 * The empty directory that files are restored to. Where others could write to it meanwhile, all is
 * made in a directory of our own in it and moved up at the end: nothing is ever done to a name that
 * somebody else may have put there.
 */
final class Destination implements AutoCloseable {
  private static final int OTHERS_WRITE = 022;
  private static final int OWNER_WRITES = 0200;
  private static final int OWNER_OPENS = 0700;
  private static final byte[] SHELTER =
      ".deferred-sync-restore".getBytes(StandardCharsets.US_ASCII);

  private final Posix posix;
  private final FilePath to;
  private final int directory;
  private final int root;

  private Destination(Posix posix, FilePath to, int directory, int root) {
    this.to = to;
    this.posix = posix;
    this.directory = directory;
    this.root = root;
  }

  /**
   * Looks whether {@code to} can be restored to, and changes nothing.
   *
   * @throws BackupException if it is not empty, lies in the target, or its parent is missing
   */
  static void check(Posix posix, FilePath to, Target target) throws BackupException, IOException {
    posix.close(openParent(posix, to, target));
    int found;
    try {
      found = OperatorPath.open(posix, to);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw unusable(to, e);
    } catch (ForeignLinkException e) {
      throw BackupException.failure(to + ": " + e.getMessage());
    }
    try {
      checkOutside(posix, found, to, target);
      checkEmpty(posix, found, to);
    } finally {
      posix.close(found);
    }
  }

  /**
   * Opens {@code to}, which is made if it does not exist.
   *
   * @throws BackupException as above; nothing is written then
   */
  static Destination open(Posix posix, FilePath to, Target target)
      throws BackupException, IOException {
    int parent = openParent(posix, to, target);
    int directory;
    try {
      directory = openOrMake(posix, parent, to);
    } finally {
      posix.close(parent);
    }
    try {
      checkOutside(posix, directory, to, target);
      checkEmpty(posix, directory, to);
      return new Destination(posix, to, directory, sheltered(posix, directory));
    } catch (BackupException | IOException | RuntimeException e) {
      posix.close(directory);
      throw e;
    }
  }

  private static int openOrMake(Posix posix, int parent, FilePath to)
      throws BackupException, IOException {
    try {
      posix.makeDirectory(parent, to.name(), 0700);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw BackupException.failure(
            to + ": cannot be made: " + e.errno().text() + "; restore elsewhere");
      }
    }
    try {
      return OperatorPath.openBelow(posix, parent, to);
    } catch (PosixException e) {
      throw unusable(to, e);
    } catch (ForeignLinkException e) {
      throw BackupException.failure(to + ": " + e.getMessage());
    }
  }

  private static int openParent(Posix posix, FilePath to, Target target)
      throws BackupException, IOException {
    FilePath parentPath = to.parent();
    if (parentPath == null) {
      throw BackupException.failure("/: not empty; restore into a directory of its own");
    }
    int parent;
    try {
      parent = OperatorPath.open(posix, parentPath);
    } catch (PosixException e) {
      throw BackupException.failure(parentPath + ": " + e.errno().text() + "; make it first");
    } catch (ForeignLinkException e) {
      throw BackupException.failure(to + ": " + e.getMessage());
    }
    try {
      checkOutside(posix, parent, to, target);
      return parent;
    } catch (BackupException | IOException | RuntimeException e) {
      posix.close(parent);
      throw e;
    }
  }

  private static BackupException unusable(FilePath to, PosixException e) {
    return BackupException.failure(
        to + ": " + e.errno().text() + "; restore into an empty or a new directory");
  }

  private static void checkEmpty(Posix posix, int directory, FilePath to)
      throws BackupException, IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(directory, entry -> names.add(entry.name()));
    if (!names.isEmpty()) {
      throw BackupException.failure(to + ": not empty; restore into an empty or a new directory");
    }
  }

  /** What is restored into the target would be taken for a part of the mirror. */
  static void checkOutside(Posix posix, int directory, FilePath to, Target target)
      throws BackupException, IOException {
    Stat targetStat = posix.stat(target.root());
    for (Stat above : SourceOverlap.ancestors(posix, directory)) {
      if (above.sameObject(targetStat)) {
        throw BackupException.failure(
            to + ": lies in the target " + target.path() + "; restore elsewhere");
      }
    }
  }

  /**
   * The directory itself if only we can make and change names in it, else one in it that only we
   * can: a sticky one, too, lets others be there first.
   */
  private static int sheltered(Posix posix, int directory) throws IOException {
    Stat stat = posix.stat(directory);
    boolean trusted = stat.uid() == posix.effectiveUser() || stat.uid() == 0;
    boolean open = (stat.mode() & OTHERS_WRITE) != 0;
    return trusted && !open ? directory : shelter(posix, directory, SHELTER);
  }

  /**
   * Makes a directory that only this user can enter, and opens it.
   *
   * @throws PosixException EEXIST if the name is taken, EPERM if somebody else put another
   *     directory there in that moment
   */
  static int shelter(Posix posix, int directory, byte[] name) throws IOException {
    posix.makeDirectory(directory, name, 0700);
    int made = posix.openDirectory(directory, name);
    try {
      Stat stat = posix.stat(made);
      if (stat.uid() != posix.effectiveUser() || stat.permissions() != 0700) {
        throw new PosixException(
            Errno.EPERM, "mkdirat", new String(name, StandardCharsets.US_ASCII));
      }
      return made;
    } catch (IOException | RuntimeException e) {
      posix.close(made);
      throw e;
    }
  }

  /** The descriptor below which everything is made. */
  int root() {
    return root;
  }

  /**
   * Moves what was made to its place, and returns when it is on the disk.
   *
   * @throws BackupException if the disk did not take all of it
   */
  void finish(Restoration done) throws BackupException, IOException {
    if (root != directory) {
      moveUp(done);
    }
    sync(posix, directory, to);
  }

  /**
   * Returns when all that was written to the file system of an open directory is on the disk: what
   * a write could not tell, such as an error or a quota of a server, is told only now.
   */
  static void sync(Posix posix, int directory, FilePath path) throws BackupException, IOException {
    try {
      try {
        posix.syncFileSystem(directory);
      } catch (PosixException e) {
        if (!e.is(Errno.ENOSYS)) {
          throw e;
        }
        posix.syncDirectory(directory);
      }
    } catch (PosixException e) {
      throw BackupException.failure(
          path
              + ": not all that was restored has reached the disk: "
              + e.errno().text()
              + "; see to that disk and restore again");
    }
  }

  private void moveUp(Restoration done) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(root, entry -> names.add(entry.name()));
    boolean all = true;
    for (byte[] name : names) {
      try {
        moveUp(name);
      } catch (PosixException e) {
        all = false;
        done.fail(
            to.child(name),
            "it cannot be moved up from "
                + to.child(SHELTER).child(name)
                + ", where it lies whole: "
                + e.errno().text()
                + "; move it by hand");
      }
    }
    if (all) {
      posix.removeDirectory(directory, SHELTER);
    }
  }

  private void moveUp(byte[] name) throws IOException {
    Stat made = posix.stat(root, name);
    boolean closed = made.isDirectory() && (made.permissions() & OWNER_WRITES) == 0;
    if (!closed || posix.effectiveUser() == 0) {
      posix.renameNew(root, name, directory, name);
      return;
    }
    // Only who may write to a directory moves it elsewhere: that changes the ".." in it.
    posix.setMode(root, name, made.permissions() | OWNER_OPENS);
    int moved = posix.openDirectory(root, name);
    try {
      posix.renameNew(root, name, directory, name);
    } finally {
      posix.setMode(moved, made.permissions());
      posix.close(moved);
    }
  }

  @Override
  public void close() throws IOException {
    if (root != directory) {
      posix.close(root);
    }
    posix.close(directory);
  }
}
