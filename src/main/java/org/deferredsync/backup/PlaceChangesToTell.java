package org.deferredsync.backup;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.deferredsync.backup.RestoreChange.Action;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.catalogue.LastUsed;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** Changes nothing; counts and tells what would be changed. */
final class PlaceChangesToTell implements PlaceChanges {
  private final Restoration done;
  private final Watcher watcher;

  /** The last places of files with several names: further names would be linked to them. */
  private final Set<FilePath> told =
      Collections.newSetFromMap(new LastUsed<>(LinkGroups.REMEMBERED));

  PlaceChangesToTell(Restoration done, Watcher watcher) {
    this.done = done;
    this.watcher = watcher;
  }

  @Override
  public boolean moveAside(FilePath path, Aside aside) {
    done.aside();
    watcher.take(new RestoreChange(Action.ASIDE, path, 0));
    return false;
  }

  @Override
  public void makeDirectory(FilePath path) {
    done.directory();
    watcher.take(new RestoreChange(Action.WRITE, path, 0));
  }

  @Override
  public void setDirectory(
      FilePath path, @Nullable Stat there, Version version, ExtendedAttributes attributes) {
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
      Aside aside) {
    if (there != null) {
      moveAside(found.path(), aside);
    }
    boolean link = !others.isEmpty();
    boolean copied = found.version().type() == FileType.FILE && !link;
    long bytes = copied ? found.version().size() : 0;
    if (copied && found.hash() == null) {
      done.fail(found.path(), "the catalogue has no content for it");
      return false;
    }
    if (link) {
      done.link();
    } else {
      done.file(bytes);
    }
    if (found.shared() || found.version().linkGroup() != null) {
      told.add(found.path());
    }
    watcher.take(new RestoreChange(Action.WRITE, found.path(), bytes));
    return true;
  }

  @Override
  public boolean isOnlyTold(FilePath place) {
    return told.contains(place);
  }
}
