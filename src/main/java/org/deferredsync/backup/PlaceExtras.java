package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.deferredsync.fs.DirectoryEntry;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * What lies in a restored directory and is not in the snapshot: it is moved aside, some at a time,
 * unless it must stay, or the snapshot is of a partial run and may lack what was there.
 */
final class PlaceExtras {
  private static final int ROUND = 10_000;

  private final Snapshot snapshot;
  private final Posix posix;
  private final Places places;
  private final PlaceChanges changes;
  private final Unmovable unmovable;
  private final Restoration done;
  private final Logger log;
  private long stayed;

  PlaceExtras(
      Snapshot snapshot,
      Places places,
      PlaceChanges changes,
      Unmovable unmovable,
      Restoration done,
      Logger log) {
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.places = places;
    this.changes = changes;
    this.unmovable = unmovable;
    this.done = done;
    this.log = log;
  }

  /** Deals with those of one directory of which all is restored. */
  void clear(PlaceLevel level) throws IOException {
    if (isPartial(level.path)) {
      stayed += count(level);
    } else {
      move(level);
    }
  }

  /** Says how many stay since the snapshot may lack some. */
  void end() {
    if (stayed > 0) {
      log.warn(
          "{}: the snapshot is partial, and may lack what could not be read then; see"
              + " \"deferred-sync ls\" and remove by hand what is to go.",
          Quantity.of(
              stayed,
              "name that the snapshot has not stays where it is",
              "names that the snapshot has not stay where they are"));
    }
  }

  /** Whether the snapshot may lack something that was there. */
  private boolean isPartial(FilePath path) {
    return snapshot
        .sourceOf(path)
        .filter(source -> source.state() == SourceState.PARTIAL)
        .isPresent();
  }

  private long count(PlaceLevel level) throws IOException {
    long[] count = new long[1];
    each(level, Set.of(), name -> count[0]++);
    return count[0];
  }

  private void move(PlaceLevel level) throws IOException {
    Set<ByteBuffer> staying = new HashSet<>();
    int count;
    do {
      List<byte[]> names = some(level, staying);
      for (byte[] name : names) {
        if (!hasGone(level.path.child(name), level.aside)) {
          staying.add(ByteBuffer.wrap(name));
        }
      }
      count = names.size();
    } while (count == ROUND);
  }

  private List<byte[]> some(PlaceLevel level, Set<ByteBuffer> staying) throws IOException {
    List<byte[]> found = new ArrayList<>();
    each(
        level,
        staying,
        name -> {
          if (found.size() < ROUND) {
            found.add(name);
          }
        });
    return found;
  }

  private void each(PlaceLevel level, Set<ByteBuffer> staying, Consumer<byte[]> sink)
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

  private boolean isKnown(PlaceLevel level, byte[] name) throws IOException {
    Set<ByteBuffer> names = level.names();
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
      String why = unmovable.why(there);
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
}
