package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Applies the plan of one source, directory by directory: lists each changed one again, so that
 * what is stored is what was there then, and stages what differs. Removals come after everything
 * else, and only those that the scan concluded.
 *
 * <p>A directory's digest is set by the transaction that commits its last operation, and only if
 * all of it was stored as listed; the first transaction that touches it clears the digest.
 */
final class Applier {
  private static final int PAGE = 500;

  private final RunContext context;
  private final Catalogue catalogue;
  private final PlanStore store;
  private final SourceRoot source;
  private final Batches batches;
  private final DirectoryApplier directories;
  private final RootApplier root;
  private final EntryApplier entries;
  private final TreeRemover remover;

  Applier(RunContext context, SourceWork work, TreeRemover remover) {
    this.context = context;
    this.catalogue = context.catalogue();
    this.store = context.store();
    this.source = work.source();
    this.batches = context.batches();
    EntryStager stager = new EntryStager(context, work.problems());
    Mover mover = new Mover(context, work, stager);
    this.directories = new DirectoryApplier(context, work, stager, mover);
    this.root = new RootApplier(context, work, stager, directories);
    this.entries = new EntryApplier(context, work, stager, mover, directories, remover);
    this.remover = remover;
  }

  /** Adds and changes. */
  void apply() throws IOException {
    source.tree().forget(source.path()); // a directory may have another name by now
    try (ListingBesideRows beside = new ListingBesideRows(catalogue)) {
      FilePath after = null;
      for (List<FilePath> page = page(after); !page.isEmpty(); page = page(after)) {
        for (FilePath path : page) {
          after = path;
          if (path.equals(source.path()) && !root.apply()) {
            return;
          }
          directory(path, beside);
        }
      }
    }
  }

  private List<FilePath> page(@Nullable FilePath after) throws IOException {
    return store.changed(source.index(), after, PAGE);
  }

  private void directory(FilePath path, ListingBesideRows beside) throws IOException {
    if (!isStored(path)) {
      return; // its own entry was not stored, for a reason that is noted already
    }
    int descriptor;
    ListingPass.Outcome outcome;
    try {
      descriptor = source.tree().open(path);
      outcome = beside.list(source.reader(), descriptor, path);
      source.problems().vanishedFrom(path, outcome.vanished());
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        source.problems().vanished(path);
      } else {
        source.problems().unreadable(path, e);
      }
      return;
    }
    directories.makeSureOf(path);
    Optional<Directories.Known> known = catalogue.directories().find(path);
    Pass pass = new Pass(path, descriptor, outcome, known);
    beside.each(known.map(Directories.Known::id).orElse(null), pass);
    pass.end();
  }

  /** One directory, entry by entry in the order of names. */
  private final class Pass implements ListingBesideRows.Sink {
    private final FilePath path;
    private final int descriptor;
    private final ListingPass.Outcome outcome;
    private final Optional<Directories.Known> known;
    private final boolean planned;
    private DirectoryApplier.@Nullable Whole whole;
    private boolean doubt;
    private boolean links;
    private boolean removals;

    Pass(
        FilePath path,
        int descriptor,
        ListingPass.Outcome outcome,
        Optional<Directories.Known> known)
        throws IOException {
      this.path = path;
      this.descriptor = descriptor;
      this.outcome = outcome;
      this.known = known;
      this.planned = store.removesFrom(path);
      this.doubt = !outcome.settled() || (path.equals(source.path()) && !isRootAsStored());
      if (!hasRows() && directories.isNewInMirror(path)) {
        whole = directories.beginWhole(path, descriptor);
      } else {
        clearDigest();
      }
    }

    private boolean hasRows() throws IOException {
      return known.isPresent()
          && !catalogue.entries().listAfter(known.get().id(), null, 1).isEmpty();
    }

    /** The root has no listing above it that would tell of a change since it was opened. */
    private boolean isRootAsStored() {
      return outcome.self().ctimeNs() == source.stat().ctimeNs()
          && outcome.self().mtimeNs() == source.stat().mtimeNs();
    }

    private void clearDigest() throws IOException {
      if (known.isPresent() && known.get().digest() != null) {
        context.rows().setDigest(path, null);
      }
    }

    @Override
    public void listed(Listed listed, @Nullable Entry stored) throws IOException {
      Entry row = stored;
      if (row != null && planned && store.isRemoved(path, row.name())) {
        store.keep(path, row.name()); // there again
        doubt |= !outcome.complete();
        row = Mover.again(context, path.child(row.name())).orElse(null);
      }
      if (whole != null) {
        if (whole.hasRoom()) {
          whole.add(listed);
          return;
        }
        endWhole();
        batches.flushIfFull();
      }
      if (tookThePlaceOfADirectory(listed, row)
          || (hasSeveralNames(listed.stat()) && (row == null || !isAsStored(listed, row)))) {
        LinkApplier.putOff(context, source, path, listed);
        links = true;
      } else {
        doubt |= entries.entry(path, descriptor, listed, row);
      }
      batches.flushIfFull();
    }

    /** Files below that may still be moved: it waits until all directories are done. */
    private boolean tookThePlaceOfADirectory(Listed listed, @Nullable Entry row) {
      return row != null
          && row.version().type() == FileType.DIRECTORY
          && !listed.stat().isDirectory()
          && !store.gone().isEmpty();
    }

    private void endWhole() throws IOException {
      DirectoryApplier.Whole ended = whole;
      if (ended != null) {
        whole = null;
        ended.end();
        doubt |= ended.isDoubtful();
        links |= ended.hasLinks();
        clearDigest();
      }
    }

    @Override
    public void unlisted(Entry row) throws IOException {
      boolean plannedNow = planned && store.isRemoved(path, row.name());
      if (plannedNow && outcome.complete()) {
        removals = true;
      } else {
        if (plannedNow) {
          store.keep(path, row.name()); // the listing cannot be trusted
        }
        doubt |= !outcome.complete() || !source.holdsAnother(path.child(row.name()));
      }
    }

    /** Sets the digest, or leaves it to the removals and links that are still to come. */
    void end() throws IOException {
      endWhole();
      byte[] digest = doubt ? null : outcome.digest();
      if (removals) {
        store.setDigest(path, digest);
      } else if (links) {
        context.links().setDigest(path, digest);
      } else if (!doubt) {
        context.rows().setDigest(path, digest);
      }
      batches.flushIfFull();
    }
  }

  private static boolean hasSeveralNames(Stat stat) {
    return !stat.isDirectory() && stat.nlink() > 1;
  }

  private static boolean isAsStored(Listed listed, Entry row) {
    return row.version().type() == FileType.ofMode(listed.stat().mode())
        && Versions.sameEvidence(listed.stat(), row);
  }

  /** Whether the catalogue, or the batch being made, has the directory's own entry. */
  private boolean isStored(FilePath path) throws IOException {
    return batches.current().isStoredHere(path)
        || path.equals(source.path())
        || (!batches.current().hasReplaced(path)
            && catalogue
                .entries()
                .find(path)
                .filter(entry -> entry.version().type() == FileType.DIRECTORY)
                .isPresent());
  }

  /** Removes. */
  void remove() throws IOException {
    long seq = 0;
    FilePath last = null;
    for (List<PlanStore.Removed> page = removals(seq); !page.isEmpty(); page = removals(seq)) {
      for (PlanStore.Removed removed : page) {
        seq = removed.seq();
        if (last != null && !last.equals(removed.directory())) {
          finishRemovals(last);
        }
        if (!removed.directory().equals(last)) {
          clearDigest(removed.directory());
        }
        last = removed.directory();
        remover.remove(removed.directory(), removed.name());
      }
    }
    if (last != null) {
      finishRemovals(last);
    }
  }

  private List<PlanStore.Removed> removals(long seq) throws IOException {
    return store.removed(source.index(), seq, PAGE);
  }

  /** Where the directory could not be listed again, its digest stands for what it held before. */
  private void clearDigest(FilePath directory) throws IOException {
    Optional<Directories.Known> known = catalogue.directories().find(directory);
    if (known.isPresent() && known.get().digest() != null) {
      context.rows().setDigest(directory, null);
    }
  }

  private void finishRemovals(FilePath directory) throws IOException {
    Optional<byte[]> digest = store.digest(directory);
    if (digest.isPresent()) {
      context.rows().setDigest(directory, digest.get());
    }
    batches.flushIfFull();
  }
}
