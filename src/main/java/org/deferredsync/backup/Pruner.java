package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.KeptRuns.Gap;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Expiry.Emptied;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what retention decided: marks snapshots as expired, which can no longer be restored
 * from then on, and deletes the versions that no kept one shows. Deletes only files that the
 * catalogue lists, and increments that are empty. The marks stay unfinished until all is deleted:
 * whatever cuts it short, the next run or prune goes on.
 */
final class Pruner {
  private static final int CHUNK = 5_000;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Forgetter forgetter;
  private final Barrier barrier;
  private final Manifests manifests;

  Pruner(
      Posix posix,
      Target target,
      Catalogue catalogue,
      Forgetter forgetter,
      Barrier barrier,
      Manifests manifests) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.forgetter = forgetter;
    this.barrier = barrier;
    this.manifests = manifests;
  }

  /** Marks what is to go of one source; nothing unless something of it stays. */
  void expire(FilePath source, List<Decision> decisions) throws IOException {
    List<Run> expired =
        decisions.stream().filter(decision -> !decision.keep()).map(Decision::run).toList();
    if (expired.isEmpty() || expired.size() == decisions.size()) {
      return;
    }
    catalogue.transaction(
        () -> {
          for (Run run : expired) {
            catalogue.runs().expire(run.id(), source);
          }
        });
  }

  /**
   * Deletes what only snapshots showed that are marked, by this run or an earlier one.
   *
   * @return how many files were deleted
   */
  long deleteMarked() throws IOException {
    Map<FilePath, List<Long>> marks = catalogue.runs().unfinishedMarks();
    if (marks.isEmpty()) {
      return 0;
    }
    beginDeleting();
    KeptRuns kept = new KeptRuns(catalogue.runs().list());
    long deleted = 0;
    for (Map.Entry<FilePath, List<Long>> marked : marks.entrySet()) {
      Set<Gap> gaps = new TreeSet<>();
      for (long run : marked.getValue()) {
        gaps.add(kept.around(marked.getKey(), run));
      }
      for (Gap gap : gaps) {
        deleted += deleteIn(gap, kept);
      }
    }
    catalogue.transaction(() -> catalogue.runs().finishMarks());
    manifests.keepRuns(catalogue);
    return deleted;
  }

  /** Has it told what is marked: else a rebuilt catalogue would list what is being deleted. */
  void beginDeleting() throws IOException {
    manifests.keepRunsToDelete(catalogue);
  }

  /**
   * Deletes every version that no kept snapshot shows, however it came to be left, and what of the
   * catalogue no version names.
   */
  long deleteUnneeded() throws IOException {
    beginDeleting();
    long deleted = deleteIn(new Gap(0, Long.MAX_VALUE), new KeptRuns(catalogue.runs().list()));
    catalogue.transaction(
        () -> {
          catalogue.xattrs().forgetUnnamed();
          catalogue.runs().finishMarks();
        });
    return deleted;
  }

  private long deleteIn(Gap gap, KeptRuns kept) throws IOException {
    long deleted = 0;
    Old last = null;
    for (List<Old> page = page(gap, last); !page.isEmpty(); page = page(gap, last)) {
      last = page.get(page.size() - 1);
      deleted += forget(page, kept);
    }
    return deleted;
  }

  private List<Old> page(Gap gap, @Nullable Old last) throws IOException {
    return catalogue.expiry().between(gap.after(), gap.before(), last, CHUNK);
  }

  /** Forgets those versions that no kept snapshot shows; answers how many files went with them. */
  long forget(List<Old> versions, KeptRuns kept) throws IOException {
    List<Old> unneeded =
        versions.stream().filter(old -> !kept.shows(old.path(), old.since(), old.until())).toList();
    if (unneeded.isEmpty()) {
      return 0;
    }
    return forgetter.step(
        doomed -> {
          Set<Long> directories = new HashSet<>();
          for (Old old : unneeded) {
            doomed.add(catalogue.expiry().forget(old));
            directories.addAll(catalogue.expiry().directoriesOf(old));
          }
          catalogue.expiry().forgetUnnamed(directories);
        });
  }

  /** Removes the increments, and empty directories in them, of runs whose files are all gone. */
  void removeEmptyIncrements() throws IOException {
    List<Emptied> removed = new ArrayList<>();
    for (Emptied emptied : catalogue.expiry().emptyIncrements()) {
      if (IncrementFiles.removeEmpty(posix, target, emptied.name())) {
        removed.add(emptied);
      }
    }
    if (removed.isEmpty()) {
      return;
    }
    barrier.written(target.root());
    barrier.pass(); // else a power cut could bring back one that the catalogue has forgotten
    catalogue.transaction(
        () -> {
          for (Emptied emptied : removed) {
            catalogue.runs().clearIncrement(emptied.run());
          }
        });
  }
}
