package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.DirectoryEntry;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Compares the places of one source with the snapshot and has changed what differs: what is equal
 * is left alone, what is not gives way, and so does what the snapshot has not. Never deletes, never
 * goes through a link, and never touches the target or a mount that the snapshot does not have.
 */
final class PlaceRestore implements SnapshotWalk.Visitor, AutoCloseable {
  private static final int ROUND = 10_000;
  private static final int NAMES = 20_000;

  private final Snapshot snapshot;
  private final Posix posix;
  private final Places places;
  private final PlaceState state;
  private final PlaceChanges changes;
  private final LinkGroups groups;
  private final Restoration done;
  private final AsideName asideName;
  private final Map<FilePath, Aside> asides;
  private final List<Stat> targetAndAbove;
  private final Logger log;
  private final Deque<Level> levels = new ArrayDeque<>();

  /** Names that are not in a snapshot that may lack some. */
  private long stayed;

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
    this.targetAndAbove = SourceOverlap.ancestors(posix, snapshot.reader().target().root());
    this.log = log;
  }

  /** A directory on the way down. */
  private static final class Level {
    private final FilePath path;

    /** Whether it was not there before, and nothing in it. */
    private final boolean fresh;

    /** Where it keeps what gives way. */
    private final Aside aside;

    /** The names that the snapshot has in it; null once they are too many. */
    private @Nullable Set<ByteBuffer> names = new HashSet<>();

    private Level(FilePath path, boolean fresh, Aside aside) {
      this.path = path;
      this.fresh = fresh;
      this.aside = aside;
    }

    private void note(byte[] name) {
      Set<ByteBuffer> known = names;
      if (known != null && !fresh) {
        known.add(ByteBuffer.wrap(name));
        names = known.size() > NAMES ? null : known;
      }
    }
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
    if (stayed > 0) {
      log.warn(
          "{} names that the snapshot has not stay where they are: it is partial, and may lack what"
              + " could not be read then; see \"deferred-sync ls\" and remove them by hand.",
          stayed);
    }
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
    Level level = levels.peek();
    FilePath parent = path.parent();
    return level != null ? level.aside : asideIn(parent == null ? FilePath.ROOT : parent);
  }

  private boolean isFresh() {
    Level level = levels.peek();
    return level != null && level.fresh;
  }

  private void note(FilePath path) {
    Level level = levels.peek();
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
        if (there.sameObject(targetAndAbove.get(0))) {
          done.fail(path, "it is the target itself; its files belong elsewhere");
          return false;
        }
        places.open(path); // before anything of it is judged
        levels.push(new Level(path, false, there.mountRoot() ? asideIn(path) : aside));
        return true;
      }
      if (!mayGo(path, there)) {
        return false;
      }
      if (there != null) {
        changes.moveAside(path, aside);
      }
      changes.makeDirectory(path);
      levels.push(new Level(path, true, aside));
      return true;
    } catch (PosixException e) {
      done.fail(path, e);
      return false;
    }
  }

  @Override
  public void leave(FilePath path, @Nullable Version version) throws IOException {
    Level level = levels.pop();
    try {
      if (!level.fresh && (version != null || snapshot.sourceOf(path).isPresent())) {
        if (isPartial(path)) {
          stayed += countExtras(level);
        } else {
          moveExtras(level);
        }
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

  private void set(Level level, Version version) throws IOException {
    ExtendedAttributes attributes = done.attributes(level.path, version);
    if (level.fresh) {
      changes.setDirectory(level.path, null, version, attributes);
      return;
    }
    int directory = places.open(level.path);
    Stat there = posix.stat(directory);
    if (state.isDirectory(directory, there, version, attributes)) {
      done.same(true, 0);
    } else {
      changes.setDirectory(level.path, there, version, attributes);
    }
  }

  /** Whether the snapshot may lack something that was there. */
  private boolean isPartial(FilePath path) {
    return snapshot
        .sourceOf(path)
        .filter(source -> source.state() == SourceState.PARTIAL)
        .isPresent();
  }

  private long countExtras(Level level) throws IOException {
    long[] count = new long[1];
    eachExtra(level, Set.of(), name -> count[0]++);
    return count[0];
  }

  /** Moves what the snapshot has not, some at a time. */
  private void moveExtras(Level level) throws IOException {
    Set<ByteBuffer> staying = new HashSet<>();
    int count;
    do {
      List<byte[]> names = extras(level, staying);
      for (byte[] name : names) {
        if (!hasGone(level.path.child(name), level.aside)) {
          staying.add(ByteBuffer.wrap(name));
        }
      }
      count = names.size();
    } while (count == ROUND);
  }

  private List<byte[]> extras(Level level, Set<ByteBuffer> staying) throws IOException {
    List<byte[]> found = new ArrayList<>();
    eachExtra(
        level,
        staying,
        name -> {
          if (found.size() < ROUND) {
            found.add(name);
          }
        });
    return found;
  }

  private void eachExtra(Level level, Set<ByteBuffer> staying, Consumer<byte[]> sink)
      throws IOException {
    List<IOException> failures = new ArrayList<>();
    posix.list(
        places.open(level.path),
        (DirectoryEntry entry) -> {
          byte[] name = entry.name();
          try {
            if (failures.isEmpty()
                && !AsideName.isOne(name)
                && !isKnown(level, name)
                && !staying.contains(ByteBuffer.wrap(name))) {
              sink.accept(name);
            }
          } catch (IOException e) {
            failures.add(e);
          }
        });
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  private boolean isKnown(Level level, byte[] name) throws IOException {
    Set<ByteBuffer> names = level.names;
    if (names != null) {
      return names.contains(ByteBuffer.wrap(name));
    }
    synchronized (snapshot.reader()) {
      return snapshot.find(level.path.child(name)).isPresent();
    }
  }

  private boolean hasGone(FilePath path, Aside aside) throws IOException {
    try {
      Stat there = places.statOrNull(path);
      if (there == null) {
        return true;
      }
      String why = whyItStays(there);
      if (why != null) {
        log.warn("{}: not in the snapshot, but {}: left as it is", path, why);
        return false;
      }
      return changes.moveAside(path, aside);
    } catch (PosixException e) {
      done.fail(path, e);
      return false;
    }
  }

  /** What must not be moved, in words; null if it may. */
  private @Nullable String whyItStays(Stat there) {
    if (there.mountRoot()) {
      return "a mount point";
    }
    return targetAndAbove.stream().anyMatch(there::sameObject) ? "it holds the target" : null;
  }

  /** Whether what is in the way of a path may go; told if not. */
  private boolean mayGo(FilePath path, @Nullable Stat there) {
    String why = there == null ? null : whyItStays(there);
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
      Stat there = places.statOrNull(place);
      FilePath parent = place.parent();
      if (there != null
          && parent != null
          && state.is(places.open(parent), place.name(), there, found, attributes)) {
        return List.of(place);
      }
    }
    return List.of();
  }

  private boolean isSame(
      Stat there, Found found, ExtendedAttributes attributes, List<FilePath> others)
      throws IOException {
    FilePath parent = found.path().parent();
    if (parent == null) {
      return false;
    }
    if (!others.isEmpty()) {
      Stat other = places.statOrNull(others.get(0));
      return other != null && other.sameObject(there);
    }
    // A name too many means that a change of another file would change this one.
    boolean names = found.version().linkGroup() != null || there.nlink() <= groups.count(found);
    return names && state.is(places.open(parent), found.path().name(), there, found, attributes);
  }
}
