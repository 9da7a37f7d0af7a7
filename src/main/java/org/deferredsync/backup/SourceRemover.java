package org.deferredsync.backup;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories.Known;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Removes a source that nobody wants any more from a target: its snapshots, its history and its
 * mirror, which holds the last copies. What another source holds, shows or needs stays. Files go
 * only after the catalogue has forgotten them, in steps of which each leaves the target whole; cut
 * short, it goes on when it is asked for again.
 */
final class SourceRemover {
  private static final int CHUNK = 2_000;
  private static final int PAGE = 500;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Pruner pruner;
  private final MirrorRemover mirror;
  private final FilePath source;
  private final boolean mirrorStays;

  /**
   * @param others every other source that is configured, or has a snapshot
   */
  SourceRemover(
      Engine engine,
      Target target,
      Catalogue catalogue,
      Pruner pruner,
      Forgetter forgetter,
      Logger log,
      FilePath source,
      Set<FilePath> others) {
    this.posix = engine.posix();
    this.target = target;
    this.catalogue = catalogue;
    this.pruner = pruner;
    this.source = source;
    this.mirrorStays = others.stream().anyMatch(other -> other.contains(source));
    Set<FilePath> below = new HashSet<>(others);
    below.removeIf(other -> !source.contains(other));
    MirrorCheck check = new MirrorCheck(posix, engine.clock(), target, catalogue);
    this.mirror = new MirrorRemover(target, catalogue, check, forgetter, log, source, below);
  }

  /**
   * What became of it.
   *
   * @param deleted how many files, links and directories
   * @param staying how many files of its mirror stay because snapshots of another source need them
   */
  record Outcome(long deleted, long staying) {}

  /** Removes it, or what an earlier attempt left of it. */
  Outcome remove() throws IOException {
    catalogue.transaction(() -> catalogue.runs().beginRemoval(source));
    pruner.beginDeleting();
    long deleted = removeHistory(); // what it names afterwards is needed by another source
    if (!mirrorStays) {
      deleted += mirror.remove();
    }
    for (Run run : catalogue.runs().list()) {
      String increment = run.increment();
      if (increment != null) {
        IncrementFiles.removeEmpty(posix, target, increment, source);
      }
    }
    if (mirror.staying() == 0) {
      catalogue.transaction(() -> catalogue.runs().endRemoval(source));
    }
    pruner.removeEmptyIncrements();
    return new Outcome(deleted, mirror.staying());
  }

  private long removeHistory() throws IOException {
    KeptRuns kept = new KeptRuns(catalogue.runs().list());
    long deleted = 0;
    FilePath last = null;
    for (List<Known> page = page(last); !page.isEmpty(); page = page(last)) {
      for (Known directory : page) {
        last = directory.path();
        deleted += removeHistory(directory, kept);
      }
    }
    FilePath parent = source.parent();
    if (parent != null) {
      Optional<Known> directory = catalogue.directories().find(parent);
      if (directory.isPresent()) {
        deleted += removeHistory(directory.get(), kept);
      }
    }
    return deleted;
  }

  private List<Known> page(@Nullable FilePath last) throws IOException {
    return catalogue.directories().treeDeepestFirst(source, last, PAGE);
  }

  private long removeHistory(Known directory, KeptRuns kept) throws IOException {
    long deleted = 0;
    Old after = null;
    for (List<Old> page = past(directory, after); !page.isEmpty(); page = past(directory, after)) {
      after = page.get(page.size() - 1);
      List<Old> own = page.stream().filter(old -> source.contains(old.path())).toList();
      deleted += pruner.forget(own, kept);
    }
    return deleted;
  }

  private List<Old> past(Known directory, @Nullable Old after) throws IOException {
    return catalogue.expiry().past(directory, after, CHUNK);
  }
}
