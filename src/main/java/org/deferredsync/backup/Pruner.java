package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.Retention.Decision;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.catalogue.Expiry.Placed;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what retention decided: forgets first, in the catalogue, and deletes then. Deletes
 * only files that the catalogue lists, and increments that are empty.
 */
final class Pruner {
  private static final int CHUNK = 5_000;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Barrier barrier;

  Pruner(Posix posix, Target target, Catalogue catalogue, Barrier barrier) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.barrier = barrier;
  }

  /**
   * Expires what is to go of one source.
   *
   * @return how many files were deleted
   */
  long prune(FilePath source, List<Decision> decisions, List<Run> runs) throws IOException {
    Set<Long> kept = new TreeSet<>();
    List<Long> expired = new ArrayList<>();
    for (Decision decision : decisions) {
      (decision.keep() ? kept : expired).add(decision.run().id());
    }
    if (expired.isEmpty() || kept.isEmpty()) {
      return 0;
    }
    Ownership ownership = new Ownership(runs);
    catalogue.transaction(
        () -> {
          for (long run : expired) {
            catalogue.runs().expire(run, source);
          }
        });
    long deleted = 0;
    long after = 0;
    for (long before : kept) {
      deleted += pruneBetween(after, before, source, ownership);
      after = before;
    }
    return deleted;
  }

  private long pruneBetween(long after, long before, FilePath source, Ownership ownership)
      throws IOException {
    long deleted = 0;
    Old last = null;
    for (List<Old> page = page(after, before, last);
        !page.isEmpty();
        page = page(after, before, last)) {
      last = page.get(page.size() - 1);
      List<Old> own = page.stream().filter(old -> ownership.mayExpire(old, source)).toList();
      if (!own.isEmpty()) {
        deleted += forgetAndDelete(own);
      }
    }
    return deleted;
  }

  private List<Old> page(long after, long before, @Nullable Old last) throws IOException {
    return catalogue.expiry().between(after, before, last, CHUNK);
  }

  private long forgetAndDelete(List<Old> versions) throws IOException {
    long number = catalogue.generation() + 1;
    List<Operation> operations = new ArrayList<>();
    catalogue.transaction(
        () -> {
          catalogue.pending().clear();
          for (Old old : versions) {
            for (Placed placed : catalogue.expiry().forget(old)) {
              operations.add(
                  new Operation(number, placed.run(), Kind.PRUNE, null, placed.path(), 0, 0));
            }
          }
          catalogue.setGeneration(number);
          for (Operation operation : operations) {
            catalogue.pending().add(operation);
          }
        });
    target.setGeneration(number);
    try (IncrementFiles files = new IncrementFiles(posix, target, catalogue)) {
      for (Operation operation : operations) {
        files.delete(operation.run(), operation.path());
      }
    }
    barrier.pass();
    catalogue.transaction(() -> catalogue.pending().clear());
    return operations.size();
  }

  /** Removes the increments, and empty directories in them, of runs whose files are all gone. */
  void removeEmptyIncrements() throws IOException {
    Map<Long, String> empty = new HashMap<>();
    for (Run run : catalogue.runs().list()) {
      String name = run.increment();
      if (name != null && catalogue.contents().placesIn(run.id()) == 0) {
        empty.put(run.id(), name);
      }
    }
    for (Map.Entry<Long, String> run : empty.entrySet()) {
      if (IncrementFiles.removeEmpty(posix, target, run.getValue())) {
        catalogue.transaction(() -> catalogue.runs().clearIncrement(run.getKey()));
      }
    }
  }
}
