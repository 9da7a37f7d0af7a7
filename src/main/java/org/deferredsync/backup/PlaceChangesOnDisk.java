package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.backup.FileMaker.Made;
import org.deferredsync.backup.RestoreChange.Action;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Changes the places themselves. A file is made whole in the directory that keeps the old ones,
 * which nobody else can enter; then the old one moves there and the new one to its place. Killed in
 * between, the old one is aside and the next restore makes the new one again.
 */
final class PlaceChangesOnDisk implements PlaceChanges {
  private static final byte[] SELF = {'.'};

  private final Posix posix;
  private final Places places;
  private final Metadata metadata;
  private final FileMaker maker;
  private final ContentReader reader;
  private final Restoration done;
  private final Watcher watcher;
  private final boolean root;

  PlaceChangesOnDisk(
      Posix posix,
      Places places,
      Metadata metadata,
      ContentReader reader,
      Restoration done,
      Watcher watcher) {
    this.posix = posix;
    this.places = places;
    this.metadata = metadata;
    this.maker = new FileMaker(posix, metadata);
    this.reader = reader;
    this.done = done;
    this.watcher = watcher;
    this.root = posix.effectiveUser() == 0;
  }

  @Override
  public boolean moveAside(FilePath path, Aside aside) throws IOException {
    aside.keep(path);
    done.aside();
    watcher.take(new RestoreChange(Action.ASIDE, path, 0));
    return true;
  }

  @Override
  public void makeDirectory(FilePath path) throws IOException {
    posix.close(Destination.shelter(posix, places.parentOf(path), path.name()));
    done.directory();
    watcher.take(new RestoreChange(Action.WRITE, path, 0));
  }

  @Override
  public void setDirectory(
      FilePath path, @Nullable Stat there, Version version, ExtendedAttributes attributes)
      throws IOException {
    if (root) {
      // By its descriptor: the name may be another object's by now.
      metadata.set(places.open(path), SELF, path, version, attributes);
    } else {
      metadata.set(places.parentOf(path), path.name(), path, version, attributes);
    }
    if (there != null) {
      done.directory();
      watcher.take(new RestoreChange(Action.SET, path, 0));
    }
  }

  @Override
  public boolean put(
      Found found,
      @Nullable Stat there,
      ExtendedAttributes attributes,
      List<FilePath> others,
      Aside aside)
      throws IOException {
    FilePath path = found.path();
    byte[] fresh = aside.newName();
    boolean linked = linked(path, others, aside, fresh);
    if (!linked && !make(found, attributes, aside, fresh)) {
      return false;
    }
    try {
      if (there != null) {
        moveAside(path, aside);
      }
      posix.renameNew(aside.directory(), fresh, places.parentOf(path), path.name());
    } catch (PosixException e) {
      posix.unlink(aside.directory(), fresh);
      throw e;
    }
    long bytes = linked || found.version().type() != FileType.FILE ? 0 : found.version().size();
    if (linked) {
      done.link();
    } else {
      done.part(bytes);
      done.file(bytes);
    }
    watcher.take(new RestoreChange(Action.WRITE, path, bytes));
    return true;
  }

  @Override
  public boolean isOnlyTold(FilePath place) {
    return false;
  }

  private boolean linked(FilePath path, List<FilePath> others, Aside aside, byte[] fresh)
      throws IOException {
    for (FilePath other : others) {
      try {
        posix.link(places.parentOf(other), other.name(), aside.directory(), fresh);
        return true;
      } catch (PosixException e) {
        if (!NoHardLinksException.leavesCopies(e)) {
          throw e;
        }
        done.separate(path, e);
      }
    }
    return false;
  }

  private boolean make(Found found, ExtendedAttributes attributes, Aside aside, byte[] fresh)
      throws IOException {
    if (found.version().type() == FileType.FILE) {
      Made file = maker.file(aside.directory(), aside.path(), fresh, found, attributes);
      String why = reader.read(found, file);
      if (why != null) {
        done.fail(found.path(), why);
      }
      return why == null;
    }
    try {
      maker.node(aside.directory(), fresh, found, attributes);
      return true;
    } catch (PosixException e) {
      if (root || !e.is(Errno.EPERM)) {
        throw e;
      }
      done.needsRoot(found.path());
      return false;
    }
  }
}
