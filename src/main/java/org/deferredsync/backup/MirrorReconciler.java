package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Lets the current versions be those that the mirror has: what it has without a row is made up,
 * what it has no more ended in the run whose increment has it, or in the last one.
 */
final class MirrorReconciler {
  private static final int PAGE = 1000;

  private final Target target;
  private final Catalogue catalogue;
  private final FoundObjects objects;
  private final MadeUpRows rows;
  private final NavigableMap<Long, DirectoryTree> increments;
  private final long last;

  /**
   * @param increments all that are there, by their runs
   * @param last the latest run whose rows may be lacking
   */
  MirrorReconciler(
      Target target,
      Catalogue catalogue,
      FoundObjects objects,
      MadeUpRows rows,
      NavigableMap<Long, DirectoryTree> increments,
      long last) {
    this.target = target;
    this.catalogue = catalogue;
    this.objects = objects;
    this.rows = rows;
    this.increments = increments;
    this.last = last;
  }

  /** Takes what lies in the mirror at and below a source. */
  void take(FilePath source) throws IOException {
    if (!source.isRoot()) {
      Stat root = target.mirror().statOrNull(source);
      Optional<Entry> row = catalogue.entries().find(source);
      if (row.isPresent()) {
        check(source, row.get());
      }
      if (root != null && catalogue.entries().find(source).isEmpty()) {
        addCurrent(source, root);
      }
    }
    if (source.isRoot() || target.mirror().statOrNull(source) != null) {
      catalogue.directories().idOf(source);
    }
    FilePath after = null;
    for (List<History.Directory> one = next(source, after);
        !one.isEmpty();
        one = next(source, after)) {
      after = one.get(0).path();
      checkRows(one.get(0).id(), after);
      addLacking(one.get(0).id(), after);
    }
  }

  private List<History.Directory> next(FilePath source, @Nullable FilePath after)
      throws IOException {
    return catalogue.history().directories(source, after, 1);
  }

  private void checkRows(long directory, FilePath path) throws IOException {
    byte[] name = null;
    for (List<Entry> page = catalogue.entries().listAfter(directory, name, PAGE);
        !page.isEmpty();
        page = catalogue.entries().listAfter(directory, name, PAGE)) {
      name = page.get(page.size() - 1).name();
      for (Entry row : page) {
        check(path.child(row.name()), row);
      }
    }
  }

  /** Ends a version that the mirror no longer has, if a run that nothing tells of may have. */
  private void check(FilePath path, Entry row) throws IOException {
    Version version = row.version();
    Stat there = target.mirror().statOrNull(path);
    boolean isRecorded = there == null && isSpecial(version);
    if (isRecorded || (there != null && objects.isStored(target.mirror(), path, there, version))) {
      return;
    }
    for (Map.Entry<Long, DirectoryTree> increment : increments.entrySet()) {
      Stat old = increment.getValue().statOrNull(path);
      if (increment.getKey() > row.since()
          && old != null
          && objects.isStored(increment.getValue(), path, old, version)) {
        rows.end(path, increment.getKey());
        return;
      }
    }
    if (last > row.since()) {
      rows.end(path, last);
    }
  }

  /** What stands in the catalogue alone where the user could not make it. */
  private static boolean isSpecial(Version version) {
    return switch (version.type()) {
      case FILE, SYMLINK, DIRECTORY -> false;
      default -> true;
    };
  }

  private void addLacking(long directory, FilePath path) throws IOException {
    try {
      target.mirror().open(path);
    } catch (PosixException e) {
      if (e.isGone()) {
        return; // a directory of the past
      }
      throw e;
    }
    for (byte[] name : target.mirror().names(path)) {
      if (path.isRoot() && Target.isOurs(name)) {
        continue;
      }
      FilePath child = path.child(name);
      Stat stat = target.mirror().statOrNull(child);
      if (stat != null && catalogue.entries().find(directory, name).isEmpty()) {
        addCurrent(child, stat);
      }
    }
  }

  private void addCurrent(FilePath path, Stat stat) throws IOException {
    rows.addCurrent(path, objects.version(target.mirror(), path, stat), stat);
  }
}
