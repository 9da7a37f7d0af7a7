package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * Makes up, from what lies in mirror and increments, the rows that no manifest tells of. What is
 * found counts as having been there for as long as nothing says otherwise: rather too much is
 * restored than too little.
 */
final class Reconciler implements AutoCloseable {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final Logger log;
  private final long last;
  private final MadeUpRows rows;
  private final FoundObjects objects;
  private final NavigableMap<Long, DirectoryTree> increments = new TreeMap<>();
  private final List<Integer> descriptors = new ArrayList<>();

  /**
   * @param first the earliest run whose rows may be lacking
   * @param last the latest one
   */
  Reconciler(Engine engine, Target target, Catalogue catalogue, Logger log, long first, long last)
      throws IOException {
    this.posix = engine.posix();
    this.target = target;
    this.catalogue = catalogue;
    this.log = log;
    this.last = last;
    this.rows = new MadeUpRows(catalogue, first);
    this.objects = new FoundObjects(engine, catalogue, last);
  }

  /**
   * Takes the increments in the order of their runs, and then the mirror.
   *
   * @param names of the increments that the runs have
   * @param sources none within another
   * @return how many versions were found that no manifest tells of
   */
  long reconcile(NavigableMap<Long, String> names, Collection<FilePath> sources)
      throws IOException {
    for (Map.Entry<Long, String> name : names.entrySet()) {
      open(name.getKey(), name.getValue());
    }
    long told = catalogue.contents().lastId();
    increments(names, sources);
    mirror(sources);
    catalogue.contents().findMoved(told);
    return rows.count();
  }

  private void open(long run, String name) throws IOException {
    int descriptor;
    try {
      descriptor = Increment.open(posix, target, name);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    descriptors.add(descriptor);
    increments.put(run, new DirectoryTree(posix, descriptor, FilePath.ROOT, true));
  }

  private void increments(Map<Long, String> names, Collection<FilePath> sources)
      throws IOException {
    IncrementReconciler past =
        new IncrementReconciler(target, catalogue, objects, rows, increments);
    for (Map.Entry<Long, DirectoryTree> increment : increments.entrySet()) {
      long before = rows.count();
      past.take(increment.getKey(), increment.getValue(), sources);
      if (rows.count() > before) {
        log.warn(
            "{}: {} alone; what else there was in the runs before"
                + " it, and what was not there, is not known.",
            names.get(increment.getKey()),
            Quantity.of(
                rows.count() - before,
                "version is known by its file",
                "versions are known by their files"));
      }
    }
  }

  private void mirror(Collection<FilePath> sources) throws IOException {
    MirrorReconciler current =
        new MirrorReconciler(target, catalogue, objects, rows, increments, last);
    for (FilePath source : sources) {
      long before = rows.count();
      current.take(source);
      if (rows.count() > before) {
        log.warn(
            "{}: {}, is not known.",
            source,
            Quantity.of(
                rows.count() - before,
                "entry is known by what lies in the mirror alone; since when it is as it is",
                "entries are known by what lies in the mirror alone; since when they are as they are"));
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (DirectoryTree tree : increments.values()) {
      tree.close();
    }
    for (int descriptor : descriptors) {
      posix.close(descriptor);
    }
    objects.close();
  }
}
