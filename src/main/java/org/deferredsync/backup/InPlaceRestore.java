package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.slf4j.Logger;

/**
 * Restores to the places where the files were, or only tells what that would change: opens the way
 * to each path, which it makes where it is gone, and has the path restored.
 */
final class InPlaceRestore {
  private final Snapshot snapshot;
  private final Places places;
  private final PlaceChanges changes;
  private final PlaceRestore restore;
  private final Restoration done;
  private final Logger log;

  InPlaceRestore(
      Snapshot snapshot,
      Places places,
      PlaceChanges changes,
      PlaceRestore restore,
      Restoration done,
      Logger log) {
    this.snapshot = snapshot;
    this.places = places;
    this.changes = changes;
    this.restore = restore;
    this.done = done;
    this.log = log;
  }

  /**
   * Restores every path of the set.
   *
   * @throws BackupException if one lies in the target; nothing is changed then
   */
  void restore(RestoreSet set) throws BackupException, IOException {
    for (Node top : set.tops()) {
      places.openAbove(snapshot.sourceOf(top.path()).orElseThrow().path());
      checkOutside(top.path());
    }
    SnapshotWalk walk = new SnapshotWalk(snapshot);
    Deque<FilePath> made = new ArrayDeque<>();
    for (Node top : set.tops()) {
      try {
        if (openWay(top.path(), made)) {
          walk.walk(top, restore);
        }
      } catch (PosixException e) {
        done.fail(top.path(), e);
      }
    }
    restore.end(); // what it takes away changes the time of what was made above
    while (!made.isEmpty()) {
      FilePath path = made.pop();
      try {
        finish(path);
      } catch (PosixException e) {
        done.fail(path, e);
      }
    }
  }

  private void checkOutside(FilePath path) throws BackupException, IOException {
    FilePath above = path.parent();
    while (above != null && places.statOrNull(above) == null) {
      above = above.parent();
    }
    if (above != null) {
      Stat there = places.statOrNull(above);
      if (there != null && there.isDirectory()) {
        Destination.checkOutside(
            snapshot.reader().posix(), places.open(above), path, snapshot.reader().target());
      }
    }
  }

  /** Makes the directories above the path that are gone; false if something else is there. */
  private boolean openWay(FilePath path, Deque<FilePath> made) throws IOException {
    List<FilePath> way = new ArrayList<>();
    for (FilePath above = path.parent(); above != null; above = above.parent()) {
      way.add(0, above);
    }
    for (FilePath above : way) {
      if (places.isBeneathRootOf(path, above) && !made.contains(above)) {
        Stat there = places.statOrNull(above);
        if (there != null && !there.isDirectory()) {
          done.fail(path, above + " is no directory now; restore that one");
          return false;
        }
        if (there == null) {
          changes.makeDirectory(above);
          made.push(above);
        }
      }
    }
    return true;
  }

  /** What was made on the way gets the metadata that it had, if that is known. */
  private void finish(FilePath path) throws IOException {
    Optional<Version> version = snapshot.find(path).map(Node::version);
    if (version.isPresent()) {
      changes.setDirectory(path, null, version.get(), done.attributes(path, version.get()));
    } else {
      log.warn("{}: made with mode 0700, since it is in no source", path);
    }
  }
}
