package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.catalogue.LastUsed;
import org.deferredsync.catalogue.Listings.Name;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Which names of a snapshot are names of one inode: those of one content, and of what has none
 * those of one group. Remembers where the last ones went, and asks the catalogue for what it had to
 * forget: of that it knows only, in a bit a content, that a name of it went somewhere. Used by one
 * thread.
 */
final class LinkGroups {
  /** A few MiB of places. */
  static final int REMEMBERED = 30_000;

  private static final int ASKED = 16;
  private static final int BITS = 4096;

  private final Snapshot snapshot;
  private final TargetReader reader;
  private final RestoreSet set;
  private final Map<Long, BitSet> placed = new HashMap<>();
  private final Map<Long, FilePath> places;

  LinkGroups(Snapshot snapshot, RestoreSet set, int remembered) {
    this.snapshot = snapshot;
    this.reader = snapshot.reader();
    this.set = set;
    this.places = new LastUsed<>(remembered);
  }

  private static @Nullable Long key(Found found) {
    Long content = found.version().content();
    if (content != null) {
      return found.shared() ? content : null;
    }
    Long group = found.version().linkGroup();
    return group == null ? null : -1 - group;
  }

  /** It is at this place now. */
  void put(Found found, FilePath place) {
    Long key = key(found);
    if (key != null) {
      places.put(key, place);
      placed
          .computeIfAbsent(Math.floorDiv(key, BITS), chunk -> new BitSet())
          .set((int) Math.floorMod(key, (long) BITS));
    }
  }

  private boolean isPlaced(long key) {
    BitSet chunk = placed.get(Math.floorDiv(key, BITS));
    return chunk != null && chunk.get((int) Math.floorMod(key, (long) BITS));
  }

  /**
   * Where names of the same inode may be already, the likeliest first; empty if none was put
   * anywhere.
   */
  List<FilePath> places(Found found) throws IOException {
    Long key = key(found);
    if (key == null) {
      return List.of();
    }
    FilePath known = places.get(key);
    if (known != null) {
      return List.of(known);
    }
    Long content = found.version().content();
    return content == null || !isPlaced(key) ? List.of() : ask(content, found.path());
  }

  private List<FilePath> ask(long content, FilePath own) throws IOException {
    List<FilePath> found = new ArrayList<>();
    for (FilePath path : names(content)) {
      if (found.size() < ASKED && !path.equals(own)) {
        set.place(path).ifPresent(found::add);
      }
    }
    return found;
  }

  /** How many names its inode has in the whole snapshot, be they restored or not. */
  int count(Found found) throws IOException {
    Long content = found.version().content();
    return content == null || !found.shared() ? 1 : Math.max(1, names(content).size());
  }

  private List<FilePath> names(long content) throws IOException {
    List<Name> all;
    synchronized (reader) {
      all = reader.catalogue().listings().namesOf(content);
    }
    List<FilePath> names = new ArrayList<>();
    for (Name name : all) {
      FilePath path;
      try {
        path = FilePath.of(name.directory()).child(name.name());
      } catch (IllegalArgumentException e) {
        continue; // refused where the walk meets it
      }
      SourceAt source = snapshot.sourceOf(path).orElse(null);
      Long until = name.until();
      if (source != null
          && name.since() <= source.run()
          && (until == null || until > source.run())) {
        names.add(path);
      }
    }
    return names;
  }
}
