package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Compares the places of one source with the snapshot and has changed what differs: what is equal
 * is left alone, what is not gives way, and so does what the snapshot has not. Never deletes, never
 * goes through a link, and never touches the target or a mount that the snapshot does not have.
 */
final class PlaceRestore implements SnapshotWalk.Visitor, AutoCloseable {
  private final Snapshot snapshot;
  private final Posix posix;
  private final Places places;
  private final PlaceState state;
  private final PlaceChanges changes;
  private final LinkGroups groups;
  private final Restoration done;
  private final AsideName asideName;
  private final Map<FilePath, Aside> asides;
  private final Unmovable unmovable;
  private final PlaceExtras extras;
  private final Deque<PlaceLevel> levels = new ArrayDeque<>();

  PlaceRestore(
      Snapshot snapshot,
      Places places,
      PlaceState state,
      PlaceChanges changes,
      LinkGroups groups,
      Restoration done,
      AsideName asideName,
      Logger log)
      throws IOException {
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.places = places;
    this.state = state;
    this.changes = changes;
    this.groups = groups;
    this.done = done;
    this.asideName = asideName;
    this.asides = new HashMap<>();
    this.unmovable = new Unmovable(posix, snapshot.reader().target());
    this.extras = new PlaceExtras(snapshot, places, changes, unmovable, done, log);
  }

  /** The directories that keep what gave way. */
  List<FilePath> kept() {
    return asides.values().stream()
        .filter(one -> one.kept() > 0)
        .map(Aside::path)
        .sorted()
        .toList();
  }

  /**
   * Returns when all that was changed is on the disk.
   *
   * @throws BackupException if a disk did not take all of it
   */
  void sync() throws BackupException, IOException {
    Set<Long> devices = new HashSet<>();
    for (FilePath base : asides.keySet()) {
      int directory = places.open(base);
      if (devices.add(posix.stat(directory).device())) {
        Destination.sync(posix, directory, base);
      }
    }
  }

  /** All is in place, except for what is made above it. */
  void end() throws IOException {
    extras.end();
    close();
  }

  @Override
  public void close() throws IOException {
    for (Aside aside : asides.values()) {
      aside.close();
    }
  }

  private Aside asideIn(FilePath base) {
    return asides.computeIfAbsent(base, path -> new Aside(posix, places, path, asideName));
  }

  private Aside asideOf(FilePath path) {
    PlaceLevel level = levels.peek();
    FilePath parent = path.parent();
    return level != null ? level.aside : asideIn(parent == null ? FilePath.ROOT : parent);
  }

  private boolean isFresh() {
    PlaceLevel level = levels.peek();
    return level != null && level.fresh;
  }

  private void note(FilePath path) {
    PlaceLevel level = levels.peek();
    if (level != null) {
      level.note(path.name());
    }
  }

  @Override
  public boolean enter(FilePath path, @Nullable Version version) throws IOException {
    Aside aside = asideOf(path);
    if (!path.isRoot()) {
      note(path);
    }
    try {
      Stat there = isFresh() ? null : places.statOrNull(path);
      if (there != null && there.isDirectory()) {
        if (unmovable.isTarget(there)) {
          done.fail(path, "it is the target itself; its files belong elsewhere");
          return false;
        }
        places.open(path); // before anything of it is judged
        levels.push(new PlaceLevel(path, false, there.mountRoot() ? asideIn(path) : aside));
        return true;
      }
      if (!mayGo(path, there)) {
        return false;
      }
      if (there != null) {
        changes.moveAside(path, aside);
      }
      changes.makeDirectory(path);
      levels.push(new PlaceLevel(path, true, aside));
      return true;
    } catch (PosixException e) {
      done.fail(path, e);
      return false;
    }
  }

  @Override
  public void leave(FilePath path, @Nullable Version version) throws IOException {
    PlaceLevel level = levels.pop();
    try {
      if (!level.fresh && (version != null || snapshot.sourceOf(path).isPresent())) {
        extras.clear(level);
      }
      if (level.aside.equals(asides.get(path))) {
        level.aside.close(); // before the directory that it is in gets its time
      }
      if (version != null) {
        set(level, version);
      }
    } catch (PosixException e) {
      done.fail(path, e);
    }
  }

  private void set(PlaceLevel level, Version version) throws IOException {
    ExtendedAttributes attributes = done.attributes(level.path, version);
    if (level.fresh) {
      changes.setDirectory(level.path, null, version, attributes);
      return;
    }
    int directory = places.open(level.path);
    Stat there = posix.stat(directory);
    if (state.isDirectory(directory, level.path, there, version, attributes)) {
      done.same(true, 0);
    } else {
      changes.setDirectory(level.path, there, version, attributes);
    }
  }

  /** Whether what is in the way of a path may go; told if not. */
  private boolean mayGo(FilePath path, @Nullable Stat there) {
    String why = there == null ? null : unmovable.why(there);
    if (why != null) {
      done.fail(path, "what is there now stays: " + why);
    }
    return why == null;
  }

  @Override
  public void refuse(String what, String why) {
    done.fail(what, "the catalogue has been changed: " + why);
  }

  @Override
  public void visit(Found found) throws IOException {
    Version version = found.version();
    note(found.path());
    if (version.type() == FileType.SYMLINK && version.linkTarget() == null) {
      refuse(found.path().toString(), "a symbolic link to nothing");
      return;
    }
    try {
      one(found);
    } catch (PosixException e) {
      done.fail(found.path(), e);
    }
  }

  private void one(Found found) throws IOException {
    FilePath path = found.path();
    ExtendedAttributes attributes = done.attributes(path, found.version());
    List<FilePath> others = others(found, attributes);
    Stat there = isFresh() ? null : places.statOrNull(path);
    if (there != null && isSame(there, found, attributes, others)) {
      done.same(false, found.version().size());
      groups.put(found, path);
    } else if (mayGo(path, there) && changes.put(found, there, attributes, others, asideOf(path))) {
      groups.put(found, path);
    }
  }

  /** The names of the same inode that are in place, of which one is enough. */
  private List<FilePath> others(Found found, ExtendedAttributes attributes) throws IOException {
    for (FilePath place : groups.places(found)) {
      if (changes.isOnlyTold(place)) {
        return List.of(place);
      }
      Stat there = places.statOrNull(place);
      if (there != null
          && state.isStill(places.parentOf(place), place.name(), there, found, attributes)) {
        return List.of(place);
      }
    }
    return List.of();
  }

  private boolean isSame(
      Stat there, Found found, ExtendedAttributes attributes, List<FilePath> others)
      throws IOException {
    FilePath path = found.path();
    if (!others.isEmpty()) {
      if (changes.isOnlyTold(others.get(0))) {
        return false;
      }
      Stat other = places.statOrNull(others.get(0));
      return other != null && other.sameObject(there);
    }
    // A name too many means that a change of another file would change this one.
    boolean names = found.version().linkGroup() != null || there.nlink() <= groups.count(found);
    return names && state.is(places.parentOf(path), path.name(), there, found, attributes);
  }
}
