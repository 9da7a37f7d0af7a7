package org.deferredsync.backup;

import java.io.IOException;
import java.util.Collection;
import java.util.NavigableMap;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.History;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Makes up the past versions that lie in increments without a row: each ended in the run of its
 * increment. The increments have to be taken in the order of their runs.
 */
final class IncrementReconciler {
  private final Target target;
  private final Catalogue catalogue;
  private final FoundObjects objects;
  private final MadeUpRows rows;
  private final NavigableMap<Long, DirectoryTree> increments;

  /**
   * @param increments all that are there, by their runs
   */
  IncrementReconciler(
      Target target,
      Catalogue catalogue,
      FoundObjects objects,
      MadeUpRows rows,
      NavigableMap<Long, DirectoryTree> increments) {
    this.target = target;
    this.catalogue = catalogue;
    this.objects = objects;
    this.rows = rows;
    this.increments = increments;
  }

  /** Takes what lies at and below the sources in the increment of the run. */
  void take(long run, DirectoryTree tree, Collection<FilePath> sources) throws IOException {
    for (FilePath source : sources) {
      Stat stat = tree.statOrNull(source);
      if (stat != null) {
        displaced(run, tree, source, stat);
      }
    }
  }

  private void displaced(long run, DirectoryTree tree, FilePath path, Stat stat)
      throws IOException {
    if (stat.isDirectory()) {
      if (wasReplaced(run, path)) {
        pastDirectory(run, tree, path, stat);
      }
      for (byte[] name : tree.names(path)) {
        FilePath child = path.child(name);
        Stat below = tree.statOrNull(child);
        if (below != null) {
          displaced(run, tree, child, below);
        }
      }
    } else {
      Optional<Contents.Held> held = catalogue.contents().heldIn(run, path);
      if (held.isEmpty()) {
        pastFile(run, tree, path, stat);
      } else if (!held.get().unknown()) {
        toldFile(run, tree, path, stat, held.get().content());
      }
    }
  }

  /**
   * Whether the path of a directory was none any more, as the mirror or a later increment shows.
   */
  private boolean wasReplaced(long run, FilePath path) throws IOException {
    Stat mirror = target.mirror().statOrNull(path);
    if (mirror == null || !mirror.isDirectory()) {
      return true;
    }
    for (DirectoryTree later : increments.tailMap(run, false).values()) {
      Stat stat = later.statOrNull(path);
      if (stat != null && !stat.isDirectory()) {
        return true;
      }
    }
    return false;
  }

  private void pastDirectory(long run, DirectoryTree tree, FilePath path, Stat stat)
      throws IOException {
    Optional<Long> since = rows.freeBefore(path, run);
    if (since.isPresent()) {
      rows.addPast(path, since.get(), run, objects.version(tree, path, stat));
    }
  }

  private void pastFile(long run, DirectoryTree tree, FilePath path, Stat stat) throws IOException {
    for (Dated known : rows.versions(path)) {
      if (known.since() < run
          && known.until() >= run
          && objects.isStored(tree, path, stat, known.version())) {
        if (known.until() == History.OPEN) {
          rows.end(path, run);
        } else {
          // What was told to end later had come after it.
          rows.addKnown(path, known.since(), run, known.version());
        }
        catalogue.contents().addPlace(run, path, known.version().content(), false);
        return;
      }
    }
    Optional<Long> since = rows.freeBefore(path, run);
    if (since.isEmpty()) {
      catalogue.contents().addPlace(run, path, null, true);
      return;
    }
    Version version = objects.version(tree, path, stat);
    rows.addPast(path, since.get(), run, version);
    catalogue.contents().addPlace(run, path, version.content(), false);
  }

  /** A file of which it is told that it was displaced, but perhaps not what had come before. */
  private void toldFile(
      long run, DirectoryTree tree, FilePath path, Stat stat, @Nullable Long content)
      throws IOException {
    Optional<Long> since = rows.freeBefore(path, run);
    if (since.isPresent() && stat.isRegular() == (content != null)) {
      rows.addPast(path, since.get(), run, objects.version(tree, path, stat, content));
    }
  }
}
